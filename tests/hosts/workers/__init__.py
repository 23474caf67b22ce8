"""The Worker: in Pyodide behind a real server, as wrangler bundles it, and under workerd where its Python is given."""
