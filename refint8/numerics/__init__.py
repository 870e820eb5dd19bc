"""ROUND: the only place that rounds; rules name where implementations differ."""
