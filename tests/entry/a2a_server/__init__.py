"""Tests of the market as an A2A agent."""
