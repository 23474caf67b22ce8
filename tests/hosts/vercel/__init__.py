"""Easel as Vercel runs it: built by Vercel's CLI, each function in Vercel's launcher, the built routes in front."""
