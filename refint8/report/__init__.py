"""SHOW: results as text, JSON and pages."""
