"""Prompt words that select the landscape and the palette; the first matching entry wins."""

COMPOSITION_WORDS = {
    "lighthouse": "lighthouse lighthouses harbour harbor cliff coast",
    "fjord": "fjord fjords norway gorge strait",
    "sea": "sea ocean boat boats sail sailing ship ships island islands beach whale waves",
    "lake": "lake lakes pond river reflection reflections water",
    "dunes": "dune dunes sahara sand camel caravan oasis",
    "mesas": "mesa mesas canyon desert arizona butte",
    "peaks": "mountain mountains peak peaks alps summit snow ski everest",
    "meadow": "meadow tree trees oak field fields garden flower flowers farm orchard park",
    "hills": "hill hills mist misty fog foggy forest forests valley woods",
}

PALETTE_WORDS = {
    "teal night": "aurora northern",
    "night": "night midnight moon moonlight moonlit stars starry",
    "dusk": "dusk twilight evening gloaming",
    "dawn": "dawn sunrise morning daybreak",
    "sunset": "sunset sundown",
    "golden hour": "golden gold afternoon",
    "arctic": "snow snowy winter ice icy arctic frost",
    "autumn": "autumn fall october november harvest",
    "desert": "desert canyon sahara dune dunes",
    "ember": "fire ember lava volcano inferno red",
    "rose": "rose pink blossom blossoms spring",
    "teal mist": "mist misty fog foggy rain rainy",
    "citrus": "orange citrus summer",
    "violet": "violet purple lavender magic",
    "noon": "noon day sunny blue sky green",
}
