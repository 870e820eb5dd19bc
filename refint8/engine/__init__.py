"""RUN: a model becomes a plan, a session runs it, the interpreter wears the tf.lite interface."""
