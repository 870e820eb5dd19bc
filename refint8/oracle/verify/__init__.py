"""Holds a device's dump against a golden, and says where and how they part."""
