"""State: LSTM, SVDF, resource variables."""

from __future__ import annotations

from dataclasses import dataclass

from refint8.numerics.catalogue.entry import rule


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Recurrent:
    """State: LSTM, SVDF, resource variables."""

    lstm: str = rule(
        "gemmlowp",
        "the arithmetic of UNIDIRECTIONAL_SEQUENCE_LSTM",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        gemmlowp="gemmlowp's functions on int16, products of the cell divided by powers of two",
        tables="as FULLY_CONNECTED, MUL, and LOGISTIC and TANH on int16 compute",
    )
    lstm_tanh: str = rule(
        "refused",
        "the cell's tanh in LSTM where its scale is not 2^-15 to 2^-9 (gemmlowp)",
        "LSTM UNIDIRECTIONAL_SEQUENCE_LSTM",
        refused="refused: exit code 4",
        input_gate="left out; the input gate stands in its place, and without one: refused",
    )
    lstm_peephole: str = rule(
        "every_cell",
        "the cells that a peephole of LSTM looks at (gemmlowp)",
        "LSTM UNIDIRECTIONAL_SEQUENCE_LSTM",
        every_cell="all",
        outputs="as many as there are outputs, which are fewer with a projection",
    )
    lstm_scales: str = rule(
        "refused",
        "scales from which no parameters of LSTM can be derived (gemmlowp)",
        "LSTM UNIDIRECTIONAL_SEQUENCE_LSTM",
        refused="not run",
        zero="every multiplier is 0, and nothing is said",
    )
    svdf_activation: str = rule(
        "refused",
        "an activation of SVDF that is not RELU",
        "SVDF",
        refused="not run",
        ignored="ignored, as RELU is",
    )
    svdf_int8_state: str = rule(
        "computed",
        "SVDF with a state of int8",
        "SVDF",
        computed="like one of int16",
        refused="not run: the engine writes past its end",
    )
    unassigned_variable: str = rule(
        "refused",
        "a resource variable that is read before anything is assigned to it",
        "READ_VARIABLE",
        refused="refused: exit code 4",
        zero_point="its zero point in every byte",
    )
    reset: str = rule(
        "tensors",
        "what resetting a model's variables sets back",
        "ASSIGN_VARIABLE READ_VARIABLE CALL_ONCE",
        tensors="variable tensors; resource variables keep their values",
        resources="resource variables too, to the zero point in every byte; CALL_ONCE stays done",
    )
