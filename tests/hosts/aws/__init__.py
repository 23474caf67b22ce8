"""Easel deployed for real, into an AWS on loopback ports: osls, moto, the deployed zips in processes, a gateway."""
