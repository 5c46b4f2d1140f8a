"""What all optimizers share: step count, rates, clipping, weight decay, averages, accumulation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train.deprecations import old_spelling
from edgekit.train.distribute.replica import current
from edgekit.train.names import snake_case, unique_name
from edgekit.train.optimizers.checks import check_counts, check_gradients
from edgekit.train.optimizers.clipping import clip
from edgekit.train.optimizers.decay import Decaying
from edgekit.train.optimizers.flat import FlatVector
from edgekit.train.serialization import accept_options, plain
from edgekit.train.tensor import Variable, array_of, wrap

__all__ = ["Optimizer"]


class Optimizer(Decaying):
    """The base. A subclass names its slots and writes `update` on pieces of flat vectors, or
    writes `update_step` on single variables, as in Keras.

    learning_rate: a number, a LearningRateSchedule, or a function.
    weight_decay: each step first takes this share, times the learning rate, off every weight.
    clipnorm, clipvalue, global_clipnorm: bounds on each gradient's norm, on each entry, on the norm
    of all gradients together; at most one of them.
    use_ema: keep an exponential moving average of the weights, with `ema_momentum`; the weights are
    set to it every `ema_overwrite_frequency` steps, and by `finalize_variable_values`.
    loss_scale_factor: the loss is multiplied by it, and the gradients are divided by it.
    gradient_accumulation_steps: update once in so many steps, with the mean of their gradients.
    """

    keras_module = "keras.optimizers"
    config_names: tuple[str, ...] = (
        "name",
        "learning_rate",
        "weight_decay",
        "clipnorm",
        "global_clipnorm",
        "clipvalue",
        "use_ema",
        "ema_momentum",
        "ema_overwrite_frequency",
        "loss_scale_factor",
        "gradient_accumulation_steps",
    )

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        accept_options(f"optimizer {type(self).__name__}", options)
        self.name = name or unique_name(snake_case(type(self).__name__))
        clips = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        given = [key for key, value in clips.items() if value is not None]
        if len(given) > 1:
            raise InputError(f"only one of {', '.join(clips)} can be set. Received: {given}")
        self.clipnorm, self.clipvalue, self.global_clipnorm = clips.values()
        self.weight_decay = weight_decay
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        check_counts(use_ema, ema_momentum, ema_overwrite_frequency, gradient_accumulation_steps)
        self.learning_rate = learning_rate
        self.built = False
        self._step_number = 1  # of the update that is being made
        self._not_decayed: tuple[list[Any], list[str]] = ([], [])

    @property
    def iterations(self) -> Any:
        """The number of updates so far."""
        if self.gradient_accumulation_steps:
            return wrap(self._iterations.data // self.gradient_accumulation_steps)
        return self._iterations

    # -- to be written by subclasses --------------------------------------------------------------

    def update(
        self, p: Any, g: Any, slots: dict[str, Any], rate: float, scratch: tuple[Any, Any]
    ) -> None:
        """Change `p` and the slots in place; `scratch` are two arrays of the same size."""
        raise NotImplementedError(f"{type(self).__name__} has no update() and no update_step()")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable; an optimizer that has this is called once for each of them."""
        raise NotImplementedError(f"{type(self).__name__} has no update() and no update_step()")

    def begin_update(self) -> None:
        """Before the variables are updated, once a step."""

    # -- one step ---------------------------------------------------------------------------------

    def build(self, variables: Iterable[Variable]) -> None:
        """Lay the variables out in one flat vector and make the slots."""
        if not self.built:
            self._flat = self._lay_out(variables)
            self.built = True

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """Apply pairs of gradient and variable; returns the number of steps so far."""
        gradients, variables = zip(*grads_and_vars, strict=True)
        self.apply(list(gradients), list(variables))
        return self._iterations

    def minimize(self, loss: Any, var_list: Iterable[Variable], tape: Any = None) -> Variable:
        """An old spelling: one step down `loss`, a function, or what `tape` has recorded."""
        from edgekit.train.tape import GradientTape

        old_spelling("Optimizer.minimize()", "use a GradientTape and apply_gradients()")
        if callable(loss):
            with GradientTape() as tape:
                loss = loss()
        elif tape is None:
            raise InputError("minimize() needs a function as loss, or the tape that recorded it")
        variables = list(var_list)
        return self.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    def apply(
        self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None
    ) -> None:
        """One step: clip the gradients (of all replicas), decay the weights, update. None: none."""
        context = current.context
        if context is None:
            self._apply(grads, trainable_variables)
        else:
            context.apply(self, grads, trainable_variables)

    def _apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None) -> None:
        flat, variables = self._ready(trainable_variables)
        if len(grads) != len(variables):
            raise ShapeError(f"{len(grads)} gradients were given for {len(variables)} variables.")
        if not variables:
            return
        flat.bind()
        if flat.module is not np:
            updates = self.device_updates()
            if updates is not None:
                updates.apply(grads, variables)
                return
        if flat.load_all(grads, variables):
            places: Sequence[int] = range(len(variables))
        else:
            check_gradients(grads, variables)
            places = flat.load_some(grads, variables, self.name)
        if self.loss_scale_factor is not None:
            for g in flat.parts(flat.gradients, places):
                g *= np.float32(1.0 / self.loss_scale_factor)
        if self._accumulated(flat, places):
            clip(flat, places, self.clipvalue, self.clipnorm, self.global_clipnorm)
            rate = float(self.learning_rate)
            self._apply_weight_decay([flat.variables[i] for i in places])
            self._step_number = int(self.iterations.data) + 1
            self.begin_update()
            self._update_all(flat, places, rate)
        if self.use_ema:
            self._follow_average(flat)
        for i in places:
            v = flat.variables[i]
            if v.constraint is not None:
                v.data[...] = array_of(v.constraint(v))
            v.version += 1
        count = self._iterations.data
        count += 1  # in place

    def _ready(self, variables: Sequence[Variable] | None) -> tuple[FlatVector, Sequence[Variable]]:
        """The flat vector, built now if it was not, and the variables that are meant."""
        if variables is None:
            if self._flat is None:
                raise InputError(
                    f"optimizer {self.name!r} knows no variables yet: pass them to apply(), or "
                    "call build(trainable_variables) first"
                )
            return self._flat, self._flat.variables
        variables = list(variables)
        if not self.built:
            self.build(variables)
        assert self._flat is not None
        return self._flat, variables

    def _update_all(self, flat: FlatVector, places: Sequence[int], rate: float) -> None:
        if type(self).update_step is not Optimizer.update_step:
            for i in places:
                v = flat.variables[i]
                a, b = flat.ranges[i]
                self.update_step(wrap(flat.gradients[a:b].reshape(v.shape)), v, rate)
            return
        # updates of our own look at one element at a time, and at nothing that changes
        ours = type(self).__module__.startswith("edgekit.train.optimizers.")

        def update(p: Any, g: Any, slots: dict[str, Any], scratch: tuple[Any, Any]) -> None:
            self.update(p, g, slots, rate, scratch)

        flat.each(places, update, shared=ours)

    def _accumulated(self, flat: FlatVector, places: Sequence[int]) -> bool:
        """Whether to update now, the gradients being the mean of those of the last steps."""
        steps = self.gradient_accumulation_steps
        if not steps:
            return True
        due = (int(self._iterations.data) + 1) % steps == 0
        sums = flat.slots["gradient_accumulator"]
        for g, total in zip(
            flat.parts(flat.gradients, places), flat.parts(sums, places), strict=True
        ):
            if due:
                g += total
                g /= np.float32(steps)
            else:
                total += g
        if due:
            sums[...] = 0
        return due

    # -- averages and loss scale ------------------------------------------------------------------

    def _follow_average(self, flat: FlatVector) -> None:
        average = flat.slots["average"]
        updates = int(self.iterations.data)
        if updates:
            momentum = np.float32(self.ema_momentum)
            average *= momentum
            average += flat.parameters * (np.float32(1.0) - momentum)
        else:
            average[...] = flat.parameters
        every = self.ema_overwrite_frequency
        if every and (updates + 1) % every == 0:
            flat.parameters[...] = average

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """With `use_ema`, set the weights to their averages; `fit` calls this at its end."""
        if self.use_ema and self._flat is not None:
            self._flat.bind()
            self._flat.parameters[...] = self._flat.slots["average"]
            for v in self._flat.variables:
                v.version += 1

    def scale_loss(self, loss: Any) -> Any:
        """The loss, times the loss scale factor."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # -- config -----------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        names = [name for name in self.config_names if name != "learning_rate"]
        values = {name: plain(getattr(self, name)) for name in names}
        return {"name": values.pop("name"), "learning_rate": self.rate_config(), **values}
