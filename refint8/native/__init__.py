"""COMPILE: kernels written in Python and LLVM IR become object code, stored and run without numba.

`lang` is what kernels are written in, `cpu` the tiers of micro-kernels, `store` compiles and keeps
object code, `memory` holds what a program reads. Operators bring their kernels; the engine links
them into a program. Nothing here knows an operator.
"""
