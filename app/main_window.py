"""The window: puts the parts together and asks what dialogs ask. The truth is in `Session`."""

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QScreen,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QDockWidget,
    QLabel,
    QMainWindow,
    QStackedWidget,
    QTabWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from app import asking, closing, opening
from app.actions import ACTIONS, MENUS, build_actions, refresh_actions, tint_actions
from app.banner import Banner
from app.bones_panel import BonesPanel
from app.camera_dialog import CameraDialog
from app.curves_panel import CurvesPanel
from app.explore_panel import ExplorePanel
from app.export_dialog import ExportDialog
from app.hud import Hud
from app.info_panel import InfoPanel
from app.input_panel import InputPanel
from app.jobs_panel import JobsPanel
from app.look_panel import LookPanel
from app.opening_veil import OpeningVeil
from app.palette import Palette
from app.recents import remember, settings
from app.session import Session
from app.shortcut_sheet import ShortcutSheet
from app.start_page import StartPage
from app.status_bar import StatusBar
from app.theme import SPACE_PX
from app.timeline import Timeline
from app.tool_bar import fill_tool_bar
from app.transport_bar import TransportBar
from app.viewport import Viewport, has_opengl
from app.viewport_note import ViewportNote

LAYOUT_VERSION = 2
SIDE_WIDTHS_PX = (300, 304)
"""Left and right dock at the first start."""


class MainWindow(QMainWindow):
    """DASR Studio."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setWindowTitle("DASR Studio")
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.resize(1280, 800)
        self._docks: dict[str, QDockWidget] = {}
        self.actions_by_id = build_actions(self)
        tint_actions(self.actions_by_id)
        self._build_menus()
        self._build_centre()
        self._build_docks()
        self._build_tool_bar()
        self.setStatusBar(StatusBar(session, self))
        self._hidden_docks: list[QDockWidget] = []
        self._has_layout = False
        self._closes_anyway = False
        self._first_state = self.saveState(LAYOUT_VERSION)
        self._connect()
        self.refresh()

    # Building.

    def _build_menus(self) -> None:
        for title in MENUS:
            menu = self.menuBar().addMenu(title)
            for action in (one for one in ACTIONS if one.menu == title):
                if action.starts_group:
                    menu.addSeparator()
                menu.addAction(self.actions_by_id[action.id])
            if title == "View":
                self._view_menu = menu.addMenu("Docks")

    def _build_tool_bar(self) -> None:
        bar = QToolBar("Tools", self)
        bar.setObjectName("tools")
        bar.setMovable(False)
        fill_tool_bar(bar, self.session, self.actions_by_id)
        self.addToolBar(bar)

    def _build_centre(self) -> None:
        self.banner = Banner()
        self.start_page = StartPage(
            self.actions_by_id, self.open_text, self.session.services.accepted
        )
        self.pages = QStackedWidget()
        self.pages.addWidget(self.start_page)
        self.pages.addWidget(self._build_viewport())
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self.pages, 1)
        self.setCentralWidget(centre)
        self.veil = OpeningVeil(self.session, self.pages)

    def _build_viewport(self) -> QWidget:
        self.viewport = Viewport(self.session)
        if not has_opengl():
            label = QLabel("This display has no OpenGL, so the mesh cannot be drawn here.")
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setProperty("tone", "muted")
            return label
        self.hud = Hud(self.session, self.viewport)
        self.hud.move(SPACE_PX, SPACE_PX)
        self.note = ViewportNote(self.session, self.viewport)
        self.viewport.broke.connect(lambda error: self.say("The 3D view cannot draw", error))
        return self.viewport

    def _build_docks(self) -> None:
        self.timeline = Timeline(self.session)
        self.transport = TransportBar(self.session, self.actions_by_id)
        below = QWidget()
        below.setProperty("surface", "panel")
        below.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(below)
        column.setContentsMargins(0, SPACE_PX // 2, 0, 0)
        column.setSpacing(0)
        self.curves = CurvesPanel(self.session)
        self.curves.hide()
        self.timeline.view_changed.connect(self.curves.set_view)
        column.addWidget(self.timeline)
        column.addWidget(self.curves)
        column.addWidget(self.transport)
        self.input_panel = InputPanel(self.session)
        self.input_panel.input_view.box_drawn.connect(self.session.editor.prompt)
        self.explore = ExplorePanel(self.session, self.actions_by_id, self.viewport.pose_picture)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for title, panel in (
            ("Explore", self.explore),
            ("Look", LookPanel(self.session)),
            ("Bones", BonesPanel(self.session)),
            ("Info", InfoPanel(self.session)),
        ):
            panel.setProperty("surface", "panel")
            panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
            self.tabs.addTab(panel, title)
        area = Qt.DockWidgetArea
        self._add_dock("Input", self.input_panel, area.LeftDockWidgetArea)
        self._add_dock("Inspector", self.tabs, area.RightDockWidgetArea)
        self._add_dock("Timeline", below, area.BottomDockWidgetArea)
        self._docks["Timeline"].setTitleBarWidget(QWidget())
        self.jobs = JobsPanel(self.session.jobs, self.open_text)
        self._add_dock("Jobs", self.jobs, area.BottomDockWidgetArea)
        self._docks["Jobs"].hide()
        self.explore.sweep.export.clicked.connect(lambda: asking.ask_sweep(self))
        self.setCorner(Qt.Corner.BottomLeftCorner, area.BottomDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, area.BottomDockWidgetArea)

    def _add_dock(self, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> None:
        """A dock, and its tick in the View menu."""
        dock = QDockWidget(title, self)
        dock.setObjectName(title.lower())
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        self._view_menu.addAction(dock.toggleViewAction())
        self._docks[title] = dock

    def _connect(self) -> None:
        session = self.session
        for signal in (
            session.source_changed, session.opening_changed, session.model_changed,
            session.play_changed, session.look_changed, session.explore_changed,
            session.editor.changed,
        ):  # fmt: skip
            signal.connect(self._refresh_soon)
        session.source_changed.connect(self._on_source)
        session.opening_changed.connect(self._on_opening)
        session.failed.connect(self.say)
        session.feed_changed.connect(self._on_feed)
        session.recorder.changed.connect(self._refresh_soon)
        session.recorder.recorded.connect(self._on_recorded)
        session.shown_changed.connect(self._on_frame)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.refresh)

    # Showing the session.

    def _refresh_soon(self) -> None:
        """Many changes in one turn of the event loop are shown once."""
        self._soon.start()

    def refresh(self) -> None:
        """Bring actions and title in line with the session."""
        refresh_actions(self, self.actions_by_id)
        facts = self.session.facts
        name = "DASR Studio" if facts is None else f"{facts.name}[*] – DASR Studio"
        self.setWindowTitle(name)
        self.setWindowModified(facts is not None and self.session.editor.is_unsaved)

    def _on_source(self) -> None:
        facts = self.session.facts
        if facts is not None:
            remember(facts.text)
        self._show_start_page(facts is None and self.session.opening_text is None)

    def _on_opening(self) -> None:
        self.veil.refresh()
        if self.session.opening_text is not None:
            self.banner.hide()

    def _on_frame(self) -> None:
        """Keys belong to frames: what can be done depends on which is shown."""
        if self.session.editor.keys and not self.session.transport.state.is_playing:
            self._refresh_soon()

    def _on_recorded(self, folder: str, seconds: float) -> None:
        remember(folder)
        self.banner.say(
            f"Recorded {seconds:.1f} s to {folder}", offer=("Open", lambda: self.open_text(folder))
        )

    def _on_feed(self) -> None:
        """The last mesh stays; the banner goes when the camera is back."""
        facts, health = self.session.facts, self.session.feed_health
        if facts is None or health == "live":
            self.banner.hide()
            return
        what = "gives no pictures" if health == "stalled" else "repeats the same picture"
        self.say(f"{facts.name} {what}. Waiting for it to come back…")

    def _show_start_page(self, is_start: bool) -> None:
        """The start page stands alone: the docks come back with a source."""
        if is_start:
            self.start_page.refresh()
            if not self._hidden_docks:
                self._hidden_docks = [d for d in self._docks.values() if not d.isHidden()]
            for dock in self._hidden_docks:
                dock.hide()
        else:
            for dock in self._hidden_docks:
                dock.show()
            self._hidden_docks = []
        self.pages.setCurrentIndex(0 if is_start else 1)

    def say(self, title: str, error: BaseException | None = None) -> None:
        """Tell the person in the banner."""
        self.banner.say(title, error)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "transport"):
            tint_actions(self.actions_by_id)
            self.transport.tint()
        super().changeEvent(event)

    # What actions call.

    def open_text(self, text: str) -> None:
        """Open a path or address, as typed, dropped or chosen from recents."""
        opening.open_anything(self.session, text)

    def open_sample(self) -> None:
        """Play the bundled clip."""
        sample = self.session.services.sample_path
        if sample is None:
            self.say("The sample is missing: assets/samples holds no video")
        else:
            self.session.open(sample, box=self.session.services.sample_box)

    def ask_camera(self) -> None:
        CameraDialog(self.session, self).open()

    @property
    def can_export(self) -> bool:
        """There is something to write."""
        return self.session.store is not None and self.session.model is not None

    def ask_export(self) -> None:
        ExportDialog(self.session, self).open()

    def toggle_frozen(self) -> None:
        self.session.editor.set_frozen(not self.session.explore.is_frozen)

    def toggle_overlay(self) -> None:
        is_input = self.session.look.camera == "input"
        self.session.set_look(camera="orbit" if is_input else "input")

    @property
    def has_curves(self) -> bool:
        """The curves are open."""
        return not self.curves.isHidden()

    def toggle_curves(self) -> None:
        self.curves.setVisible(not self.has_curves)
        self._refresh_soon()

    @property
    def has_jobs(self) -> bool:
        """The jobs drawer is open."""
        return not self._docks["Jobs"].isHidden()

    def show_jobs(self) -> None:
        self._docks["Jobs"].show()
        self._refresh_soon()

    def toggle_jobs(self) -> None:
        self._docks["Jobs"].setVisible(not self.has_jobs)
        self._refresh_soon()

    def show_palette(self) -> None:
        Palette(list(self.actions_by_id.values()), self).open()

    def toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def reset_layout(self) -> None:
        """Docks where they were at the first start."""
        self.restoreState(self._first_state, LAYOUT_VERSION)
        self._hidden_docks = []
        self._show_start_page(self.session.facts is None)

    def show_shortcuts(self) -> None:
        ShortcutSheet(self).open()

    # Dropping.

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if asking.dropped_text(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        text = asking.dropped_text(event.mimeData())
        if text is not None:
            event.acceptProposedAction()
            self.open_text(text)

    # Beginning and end.

    @staticmethod
    def screens() -> list[QScreen]:
        """All there are now."""
        return QGuiApplication.screens()

    def showEvent(self, event: QShowEvent) -> None:
        """Sizes of docks hold only once the window has one."""
        super().showEvent(event)
        if not self._has_layout:
            self._has_layout = True
            docks = [self._docks["Input"], self._docks["Inspector"]]
            self.resizeDocks(docks, list(SIDE_WIDTHS_PX), Qt.Orientation.Horizontal)
            self._first_state = self.saveState(LAYOUT_VERSION)

    def restore_layout(self) -> None:
        """As it was left, where a screen still shows it."""
        kept = settings()
        geometry, state = kept.value("geometry"), kept.value("state")
        if geometry is not None:
            self.restoreGeometry(geometry)
            if not any(s.geometry().intersects(self.frameGeometry()) for s in self.screens()):
                self.move(self.screens()[0].availableGeometry().topLeft())  # that screen is gone
        if state is not None:
            self._has_layout = self.restoreState(state, LAYOUT_VERSION)

    def close_now(self) -> None:
        """Close without asking about jobs."""
        self._closes_anyway = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.session.jobs.is_busy and not self._closes_anyway:
            event.ignore()
            closing.ask_closing(self)
            return
        self._show_start_page(False)
        kept = settings()
        kept.setValue("geometry", self.saveGeometry())
        kept.setValue("state", self.saveState(LAYOUT_VERSION))
        self.viewport.free()
        self.session.close()
        super().closeEvent(event)
