"""The rules, family by family; `numerics.rules` puts them together."""
