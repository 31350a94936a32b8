"""The window: puts the parts together and asks what dialogs ask. The truth is in `Session`."""

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QShowEvent
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

from app import asking, opening
from app.actions import ACTIONS, MENUS, build_actions, refresh_actions, tint_actions
from app.banner import Banner
from app.bones_panel import BonesPanel
from app.camera_dialog import CameraDialog
from app.explore_panel import ExplorePanel
from app.export_dialog import ExportDialog
from app.hud import Hud
from app.info_panel import InfoPanel
from app.input_panel import InputPanel
from app.look_panel import LookPanel
from app.opening_veil import OpeningVeil
from app.performance import performance_of
from app.recents import remember, settings
from app.report import report_of
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

LAYOUT_VERSION = 1
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
        column.addWidget(self.timeline)
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

    def ask_video(self) -> None:
        asking.ask_video(self)

    def ask_folder(self) -> None:
        asking.ask_folder(self)

    def ask_camera(self) -> None:
        CameraDialog(self.session, self).open()

    def ask_address(self) -> None:
        asking.ask_address(self)

    def ask_frame(self) -> None:
        asking.ask_frame(self)

    def ask_picture(self) -> None:
        asking.ask_picture(self)

    @property
    def can_export(self) -> bool:
        """There is something to write."""
        return self.session.store is not None and self.session.model is not None

    def ask_export(self) -> None:
        ExportDialog(self.session, self).open()

    def ask_save(self) -> None:
        asking.ask_save(self)

    def copy_picture(self) -> None:
        QGuiApplication.clipboard().setImage(self.viewport.picture())
        self.statusBar().showMessage("Picture copied", 2000)

    def copy_numbers(self) -> None:
        QGuiApplication.clipboard().setText(performance_of(self.session).text())
        self.statusBar().showMessage("Performance numbers copied", 2000)

    def copy_report(self) -> None:
        QGuiApplication.clipboard().setText(report_of())
        self.statusBar().showMessage("Report copied", 2000)

    def toggle_frozen(self) -> None:
        self.session.editor.set_frozen(not self.session.explore.is_frozen)

    def toggle_overlay(self) -> None:
        is_input = self.session.look.camera == "input"
        self.session.set_look(camera="orbit" if is_input else "input")

    def toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def reset_layout(self) -> None:
        """Docks where they were at the first start."""
        self.restoreState(self._first_state, LAYOUT_VERSION)
        self._hidden_docks = []
        self._show_start_page(self.session.facts is None)

    def show_shortcuts(self) -> None:
        ShortcutSheet(self).open()

    def show_about(self) -> None:
        asking.show_about(self)

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
        if state is not None:
            self._has_layout = self.restoreState(state, LAYOUT_VERSION)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._show_start_page(False)
        kept = settings()
        kept.setValue("geometry", self.saveGeometry())
        kept.setValue("state", self.saveState(LAYOUT_VERSION))
        self.viewport.free()
        self.session.close()
        super().closeEvent(event)
