"""The clients that people use, as they come and with their retries on, against the gateway and a bad upstream."""
