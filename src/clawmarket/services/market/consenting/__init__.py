"""Consents: signed permissions, what ends them, and who is told."""
