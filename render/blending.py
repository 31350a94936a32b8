"""How new colours meet those already drawn. Blending itself is switched on by the caller.

ctx.enable(moderngl.BLEND)
blend_over(ctx)
"""

import moderngl


def blend_over(ctx: moderngl.Context) -> None:
    """By alpha, and alpha adds up: over nothing this gives premultiplied colour."""
    _set(ctx, moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA, moderngl.FUNC_ADD)


def blend_max(ctx: moderngl.Context) -> None:
    """The larger of both."""
    _set(ctx, moderngl.ONE, moderngl.ONE, moderngl.MAX)


def blend_nothing(ctx: moderngl.Context) -> None:
    """Keep the old colour: only depth is drawn."""
    _set(ctx, moderngl.ZERO, moderngl.ONE, moderngl.FUNC_ADD)


def _set(ctx: moderngl.Context, source: int, target: int, equation: int) -> None:
    alpha = (moderngl.ONE if source == moderngl.SRC_ALPHA else source, target)
    ctx.blend_func = (source, target, *alpha)  # pyright: ignore[reportAttributeAccessIssue]
    ctx.blend_equation = equation  # pyright: ignore[reportAttributeAccessIssue]
