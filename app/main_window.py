"""The window: puts the parts together and asks what dialogs ask. The truth is in `Session`."""

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QScreen, QShowEvent
from PySide6.QtWidgets import (
    QLabel,
    QMainWindow,
    QSizePolicy,
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
from app.held_keys import HeldKeys
from app.hud import Hud
from app.improve import Improver
from app.info_panel import InfoPanel
from app.input_panel import InputPanel
from app.jobs_panel import JobsPanel
from app.layout import Layout, screens
from app.live_outputs import OutputsSign
from app.look_panel import LookPanel
from app.news import News
from app.opening_veil import OpeningVeil
from app.palette import Palette
from app.pose_sender import PoseSender
from app.recents import remember
from app.scrolled import Scrolled
from app.session import Session
from app.shortcut_sheet import ShortcutSheet
from app.start_page import StartPage
from app.status_bar import StatusBar
from app.theme import SPACE_PX
from app.timeline import Timeline
from app.tool_bar import fill_tool_bar
from app.transport_bar import TransportBar
from app.view_keeper import ViewKeeper
from app.viewport import Viewport, has_opengl
from app.viewport_note import ViewportNote
from app.virtual_camera import VirtualCamera


class MainWindow(QMainWindow):
    """DASR Studio."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setWindowTitle("DASR Studio")
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.layout_of_docks = Layout(self)
        self.actions_by_id = build_actions(self)
        tint_actions(self.actions_by_id)
        self._build_menus()
        self._build_tool_bar()  # Tab goes in this order
        self._build_centre()
        self._build_docks()
        self.setStatusBar(StatusBar(session, self))
        self._closes_anyway = False
        self.layout_of_docks.remember_first()
        self._connect()
        self.improver = Improver(session, self)
        self.sender = PoseSender(session)
        self.virtual_camera = VirtualCamera(self.viewport.picture, parent=self)
        self.virtual_camera.failed.connect(lambda e: self.say("The virtual camera stopped", e))
        self.outputs = OutputsSign(self)
        self.statusBar().addPermanentWidget(self.outputs)
        self.held_keys = HeldKeys(self)
        self.news = News(self)
        self.view_keeper = ViewKeeper(self)
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
        self.tools = fill_tool_bar(bar, self.session, self.actions_by_id)
        self.addToolBar(bar)

    def _build_centre(self) -> None:
        self.banner = Banner()
        self.start_page = StartPage(
            self.actions_by_id, self.open_text, self.session.services.accepted
        )
        self.pages = QStackedWidget()
        self.pages.addWidget(Scrolled(self.start_page, scrolls_across=True))
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
        # As high as what is in it: the viewport has the rest.
        below.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
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
        self.layout_of_docks.docks["Timeline"].setTitleBarWidget(QWidget())
        self.jobs = JobsPanel(self.session.jobs, self.open_text)
        self._add_dock("Jobs", self.jobs, area.BottomDockWidgetArea)
        docks = self.layout_of_docks.docks
        self.splitDockWidget(docks["Timeline"], docks["Jobs"], Qt.Orientation.Vertical)
        self._jobs_dock.hide()
        self.explore.sweep.export.clicked.connect(lambda: asking.ask_sweep(self))
        self.setCorner(Qt.Corner.BottomLeftCorner, area.BottomDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, area.BottomDockWidgetArea)

    def _add_dock(self, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> None:
        """A dock, and its tick in the View menu."""
        dock = self.layout_of_docks.add(title, widget, area)
        self._view_menu.addAction(dock.toggleViewAction())

    @property
    def _jobs_dock(self) -> QWidget:
        return self.layout_of_docks.docks["Jobs"]

    def _connect(self) -> None:
        session = self.session
        for signal in (
            session.source_changed, session.opening_changed, session.model_changed,
            session.play_changed, session.look_changed, session.editor.changed,
        ):  # fmt: skip
            signal.connect(self._refresh_soon)
        # The sliders follow the video: at every frame nothing that actions ask for has changed.
        session.explore_changed.connect(self._on_explore)
        session.source_changed.connect(self._on_source)
        session.opening_changed.connect(self._on_opening)
        session.failed.connect(self.say)
        session.recorder.changed.connect(self._refresh_soon)
        session.shown_changed.connect(self._on_frame)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.refresh)
        self._was_frozen = session.explore.is_frozen

    # Showing the session.

    def _refresh_soon(self) -> None:
        """Many changes in one turn of the event loop are shown once."""
        self._soon.start()

    def _on_explore(self) -> None:
        is_frozen = self.session.explore.is_frozen
        if is_frozen != self._was_frozen:
            self._was_frozen = is_frozen
            self._refresh_soon()

    def refresh(self) -> None:
        """Bring actions and title in line with the session."""
        refresh_actions(self, self.actions_by_id)
        facts = self.session.facts
        name = "DASR Studio" if facts is None else f"{facts.name}[*] – DASR Studio"
        self.setWindowTitle(name)
        self.setWindowModified(facts is not None and self.session.editor.is_unsaved)

    def _on_source(self) -> None:
        facts, place = self.session.facts, self.session.place
        if place is not None:
            remember(place)
        self._show_start_page(facts is None and self.session.opening_text is None)

    def _on_opening(self) -> None:
        self.veil.refresh()
        if self.session.opening_text is not None:
            self.banner.hide()

    def _on_frame(self) -> None:
        """Keys belong to frames: what can be done depends on which is shown."""
        if self.session.editor.keys and not self.session.transport.state.is_playing:
            self._refresh_soon()

    def _show_start_page(self, is_start: bool) -> None:
        if is_start:
            self.start_page.refresh()
        self.layout_of_docks.show_start_page(is_start)
        self.pages.setCurrentIndex(0 if is_start else 1)

    @property
    def is_at_start(self) -> bool:
        """Nothing is open: the start page is there."""
        return self.pages.currentIndex() == 0

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
            opening.leave_played_rig(self.session)
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
        return not self._jobs_dock.isHidden()

    def show_jobs(self) -> None:
        if not self.has_jobs:
            self._jobs_dock.show()
            self.layout_of_docks.give_height("Jobs")
        self._refresh_soon()

    def toggle_jobs(self) -> None:
        if not self.has_jobs:
            self.show_jobs()
        else:
            self._jobs_dock.hide()
        self._refresh_soon()

    def show_palette(self) -> None:
        Palette(list(self.actions_by_id.values()), self).open()

    def toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def reset_layout(self) -> None:
        """Docks where they were at the first start."""
        self.layout_of_docks.reset()
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
        return screens()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.layout_of_docks.settle()

    def restore_layout(self) -> None:
        """As it was left, where a screen still shows it."""
        self.layout_of_docks.restore()

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
        self.layout_of_docks.keep()
        self.sender.stop()
        self.virtual_camera.stop()
        self.viewport.free()
        self.session.close()
        super().closeEvent(event)
