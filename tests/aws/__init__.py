"""What reaches AWS, against moto over real HTTP."""
