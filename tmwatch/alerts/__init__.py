"""Alerts: what is said (`payload`, `compose`), how it looks (`mail`, `webhook`), how it leaves (`outbox`)."""
