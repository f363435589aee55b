"""PaddleOCR: where its models come from, what is missing when they are not there, and that it is PaddleOCR's result."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import drawn
import numpy as np
import pytest
from drawn import Title

from actors.backend import BackendOptions
from actors.errors import BackendUnavailable
from actors.models.asset import ModelAsset
from actors.models.store import ModelStore
from actors.ocr import paddle_reader, paddleocr
from actors.ocr.paddle_reader import SETTINGS, WEIGHTS, PaddleReader, folders_from_wheel
from actors.ocr.paddleocr import MEDIUM, PaddleOcr, PaddleOcrOptions

TITLES = [Title("Link in bio", 0, 0, y=300), Title("Step 2", 0, 0, y=420)]
HUB = ("PaddlePaddle/PP-OCRv6_medium_det_onnx", "PaddlePaddle/PP-OCRv6_medium_rec_onnx")


@pytest.fixture(scope="session")
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a user would name it, with the weights that are here."""
    root = tmp_path_factory.mktemp("ppocr")
    with folders_from_wheel() as folders:
        shutil.copytree(folders.detector, root / "det", symlinks=True)
        shutil.copytree(folders.recogniser, root / "rec", symlinks=True)
    return root


def picture() -> np.ndarray:
    return np.ascontiguousarray(drawn.frame(0, TITLES)[..., ::-1])


def copy_of(folder: Path, root: Path) -> Path:
    return Path(shutil.copytree(folder, root / "model", symlinks=True))


def test_its_parts_read_what_the_whole_pipeline_reads(paddle: PaddleOcr, own_folder: Path) -> None:
    from paddleocr import PaddleOCR

    names = {
        f"text_{part}_model_name": f"PP-OCRv6_small_{short}"
        for part, short in (("detection", "det"), ("recognition", "rec"))
    }
    dirs = {
        f"text_{part}_model_dir": str(own_folder / short)
        for part, short in (("detection", "det"), ("recognition", "rec"))
    }
    off = dict.fromkeys(("use_doc_orientation_classify", "use_doc_unwarping", "use_textline_orientation"), False)
    whole = PaddleOCR(**names, **dirs, **off, engine="onnxruntime", device="cpu", text_recognition_batch_size=1)
    (expected,) = whole.predict(picture(), text_det_limit_side_len=480, text_det_limit_type="max")
    reader = paddle._loaded()
    quads = reader.detect(picture(), side=480)
    readings = reader.read(picture(), quads)
    assert [reading.text for reading in readings] == expected["rec_texts"] == ["Link in bio", "Step 2"]
    assert [reading.confidence for reading in readings] == pytest.approx(expected["rec_scores"], abs=1e-4)
    assert np.array_equal(np.stack(quads), np.stack(expected["dt_polys"]))


def test_a_smaller_side_is_a_smaller_picture(paddle: PaddleOcr) -> None:
    """Letters of 12 pixels are gone when the picture is halved."""
    small = np.full((960, 540, 3), 250, np.uint8)
    import cv2

    cv2.putText(small, "tiny letters", (40, 400), 0, 0.3, (0, 0, 0), 1, cv2.LINE_AA)
    reader = paddle._loaded()
    assert len(reader.detect(small, side=960)) == 1
    assert reader.detect(small, side=128) == []


def test_an_own_folder_is_loaded_quietly(own_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    own = PaddleOcr(PaddleOcrOptions(model=str(own_folder)))
    assert own.lacking(own.options) is None
    own.load()
    reader = own._loaded()
    assert reader.read(picture(), reader.detect(picture(), side=480))[0].text == "Link in bio"
    assert capfd.readouterr() == ("", "")


def test_a_pulled_model_is_loaded_from_the_store(own_folder: Path, tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    for name, part in zip(HUB, ("det", "rec"), strict=True):
        shutil.copytree(own_folder / part, store.part(name), symlinks=True)
        store.seal(ModelAsset(name, "Apache-2.0"), revision="0123456789abcdef")
    pulled = PaddleOcr(PaddleOcrOptions(model=MEDIUM, models_dir=str(tmp_path)))
    pulled.load()
    assert len(pulled._loaded().detect(picture(), side=480)) == 2
    assert pulled.model_revision(pulled.options).startswith(
        f"{HUB[0]}@0123456789ab, {HUB[1]}@0123456789ab, paddleocr 3."
    )


def test_nothing_is_left_behind_after_loading(paddle: PaddleOcr) -> None:
    assert paddle._loaded() is not None
    assert not list(Path(tempfile.gettempdir()).glob("reelwatch-ocr-*/det"))


def unnamed(folder: Path) -> None:
    (folder / "det" / SETTINGS).write_text("PreProcess: {}\n")


def of_another_name(folder: Path) -> None:
    settings = folder / "det" / SETTINGS
    settings.write_text(settings.read_text().replace("PP-OCRv6_small_det", "PP-OCRv9_huge_det"))


def damaged(folder: Path) -> None:
    (folder / "rec" / WEIGHTS).unlink()
    (folder / "rec" / WEIGHTS).write_bytes(b"version https://git-lfs.github.com/spec/v1\n")


def absent(folder: Path) -> None:
    (folder / "rec" / WEIGHTS).unlink()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        pytest.param(unnamed, r"det/inference\.yml has no Global\.model_name", id="no name in the settings"),
        pytest.param(of_another_name, "PP-OCRv9_huge_det", id="a model PaddleOCR does not know"),
        pytest.param(damaged, "PaddleOCR cannot load its models", id="weights that are none"),
        pytest.param(absent, r"lacks .*rec/inference\.onnx", id="weights missing"),
    ],
)
def test_a_folder_that_is_no_model_is_said(own_folder: Path, tmp_path: Path, harm: object, said: str) -> None:
    folder = copy_of(own_folder, tmp_path)
    harm(folder)  # type: ignore[operator]
    with pytest.raises(BackendUnavailable, match=said):
        PaddleOcr(PaddleOcrOptions(model=str(folder))).load()


def test_a_card_without_its_runtime_is_said(own_folder: Path) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("onnxruntime-gpu is installed here")
    on_card = PaddleOcr(PaddleOcrOptions(model=str(own_folder), device="cuda", use_card=True))
    with pytest.raises(BackendUnavailable, match="CUDAExecutionProvider"):
        on_card.load()


@pytest.mark.parametrize(
    ("options", "lacking"),
    [
        pytest.param({}, None, id="the weights in rapidocr"),
        pytest.param({"model": MEDIUM}, None, id="a pulled one: the registry looks after it"),
        pytest.param(
            {"model": "/nowhere"},
            "the model's folder lacks /nowhere/det/inference.onnx",
            id="a folder that is not there",
        ),
        pytest.param({"model": "PP-OCRv5_server"}, "no model 'PP-OCRv5_server': say PP-OCRv6_small", id="another name"),
    ],
)
def test_what_the_options_lack(options: dict[str, str], lacking: str | None) -> None:
    found = PaddleOcr.lacking(PaddleOcrOptions(**options))
    assert found is None if lacking is None else (found or "").startswith(lacking)


@pytest.mark.parametrize(
    ("model", "names"),
    [
        pytest.param("PP-OCRv6_small", [], id="small"),
        pytest.param(MEDIUM, list(HUB), id="medium"),
        pytest.param("/own", [], id="own"),
    ],
)
def test_what_has_to_be_pulled(model: str, names: list[str]) -> None:
    assert [asset.name for asset in PaddleOcr.assets(PaddleOcrOptions(model=model))] == names


@pytest.mark.parametrize(
    ("options", "device", "vram_mib"),
    [
        pytest.param({}, "cpu", 0, id="processor"),
        pytest.param({"device": "cuda"}, "cpu", 0, id="a card that is left to the others"),
        pytest.param({"device": "cuda", "use_card": True}, "cuda", 2560, id="the card"),
    ],
)
def test_where_it_runs(options: dict[str, str], device: str, vram_mib: int) -> None:
    backend = PaddleOcr(PaddleOcrOptions(**options))
    assert (backend.device, backend.resources_for(backend.options).vram_mib) == (device, vram_mib)


def test_device_and_use_of_the_card_leave_the_key_alone() -> None:
    assert PaddleOcrOptions.neutral == BackendOptions.neutral | {"use_card"}


def test_a_missing_library_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paddleocr, "find_spec", lambda name: None if name == "paddleocr" else object())
    assert PaddleOcr.available() == "paddleocr not installed (pip install -c constraints.txt 'reelwatch[models]')"


def test_without_rapidocr_the_small_weights_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise BackendUnavailable("rapidocr_missing", "rapidocr is not installed: pip install rapidocr")

    monkeypatch.setattr(paddleocr, "model_paths", missing)
    assert PaddleOcr.lacking(PaddleOcrOptions()) == "rapidocr is not installed: pip install rapidocr"


def test_the_reader_takes_the_threads_it_is_given(own_folder: Path) -> None:
    folders = paddle_reader.ModelFolders(own_folder / "det", own_folder / "rec")
    reader = PaddleReader(folders, threads=2)
    session = reader._detector.paddlex_predictor.runner.session
    assert session.get_session_options().intra_op_num_threads == 2
