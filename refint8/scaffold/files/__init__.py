"""The files that `refint8 setup-device` writes; each runs where it is written, not from here."""
