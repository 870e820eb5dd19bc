"""Devices that are wrong in one way each."""

from __future__ import annotations

import numpy as np

from tests.oracle.verify.devices import Device, held


class Truncates(Device):
    """The depthwise unit has no rounding adder."""

    def op1(self, *given):
        self.requantize = self.floored
        made = super().op1(*given)
        del self.requantize
        return made

    def floored(self, sums, factor):
        whole, exponent = held(factor)
        return (sums * whole) >> (31 - exponent)


class PadsAtTheStart(Device):
    """The odd row and column of SAME padding lie above and on the left."""

    def padding_before(self, total):
        return -(-total // 2)


class PadsWithZeros(Device):
    """The depthwise unit puts 0 around the image, not the zero point."""

    def padding_value(self, zero_point):
        return zero_point if zero_point == -9 else 0


class OneMultiplier(Device):
    """The pointwise unit has a single multiplier."""

    def op2(self, *given):
        self.channel = lambda channel: 0
        made = super().op2(*given)
        del self.channel
        return made


class Wraps(Device):
    """ADD keeps the low byte."""

    def stored_sum(self, steps):
        return ((steps + 128) % 256 - 128).astype(np.int8)


class NarrowRegister(Device):
    """FULLY_CONNECTED sums in 24 bits."""

    def register(self, sums):
        return (sums + 2**23) % 2**24 - 2**23


class DumpsChannelsFirst(Device):
    """Computes rightly and dumps NCHW."""

    def written(self, tensor, value):
        return value.transpose(0, 3, 1, 2).reshape(value.shape) if value.ndim == 4 else value


class ForgetsZeroPoint(Device):
    """ADD does not add the output's zero point."""

    def added_zero_point(self, zero_point):
        return 0


class StridesOnce(Device):
    """The pool steps by one instead of two."""

    def op4(self, op, tensors, reads, out):
        return self.pool(op.options["stride_h"] - 1, reads[0], out)


class SwapsChannels(Device):
    """The depthwise unit writes channels 2 and 5 in each other's place."""

    def op1(self, *given):
        return super().op1(*given)[..., [0, 1, 5, 3, 4, 2, 6, 7]]


class ForgetsRelu6(Device):
    """No activation is fused."""

    def activation(self, name, out):
        return -128, 127


class StaleScores(Device):
    """Scores are copied out before they are written: each sample has those of the one before."""

    def begin(self):
        self.scores = np.zeros((1, 10), np.int8)

    def op6(self, *given):
        before, self.scores = self.scores, super().op6(*given)
        return before


class StuckBit(Device):
    """Bit 3 of the pointwise unit's output is always 1."""

    def op2(self, *given):
        return super().op2(*given) | np.int8(8)


class DeadPool(Device):
    """The pool never writes its output."""

    def op4(self, op, tensors, reads, out):
        return np.zeros(out.shape, np.int8)


class Unsigned(Device):
    """RESHAPE copies to a buffer that others read as uint8."""

    def op5(self, *given):
        return super().op5(*given) ^ np.int8(-128)


class ShiftsRows(Device):
    """The pointwise unit writes one row too low."""

    def op2(self, *given):
        made = super().op2(*given)
        return np.concatenate([made[:, :1], made[:, :-1]], axis=1)
