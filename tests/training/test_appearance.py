import numpy as np

from training.appearance import appearance_codes, fit_appearance


def coats(count: int = 200) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.clip(
        0.5 + 0.1 * rng.normal(size=(count, 3)) @ rng.normal(size=(3, 90)), 0, 1
    ).reshape(count, 30, 3)


def test_the_basis_says_what_it_was_fitted_to() -> None:
    colors = coats()
    basis = fit_appearance(colors, 16)
    codes = appearance_codes(basis, colors)
    again = np.stack([basis.decode(code) for code in codes])
    assert np.abs(again - colors).mean() < 0.01
    assert 0.5 < codes[:, 0].std() < 1.5


def test_components_are_orthogonal() -> None:
    basis = fit_appearance(coats(), 8)
    flat = basis.components.reshape(8, -1)
    gram = flat @ flat.T
    assert np.abs(gram - np.diag(np.diag(gram))).max() < 1e-3 * gram.max()
