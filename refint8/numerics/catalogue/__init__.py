"""The rules, family by family; `numerics.rules` puts them together.

The families are dataclasses without methods of their own: nobody makes one, and generating methods
that `Rules` generates anyway would take a tenth of the time that a command needs to start.
"""
