// Starts the parts of the page. store.mjs has what they share.
import { byId, setAttribute, setText } from './dom.mjs';
import { showProblem, startNotice } from './actions.mjs';
import { startBreak } from './break.mjs';
import { startCalls } from './calls.mjs';
import { connect, reconnectNow } from './connection.mjs';
import { startEscape } from './escape.mjs';
import { startEvents } from './events.mjs';
import { startHint } from './hint.mjs';
import { startKnowledge } from './knowledge.mjs';
import { currentLanguage, switchLanguage, text, translateDocument } from './language.mjs';
import { startLastCalls } from './last_calls.mjs';
import { startLegend } from './legend.mjs';
import { startLoad } from './load.mjs';
import { startPicture } from './picture.mjs';
import { startScenarios } from './scenarios.mjs';
import { startSettings } from './settings.mjs';
import { listen, store } from './store.mjs';
import { startTabs } from './tabs.mjs';
import { startTimeline } from './timeline.mjs';

function showConnection() {
    setText(byId('connection-text'), text(`connection.${store.connection}`));
    setAttribute(byId('connection'), 'class', `connection is-${store.connection}`);
    byId('lost').hidden = store.connection !== 'lost';
    setAttribute(document.body, 'class', store.connection === 'lost' ? 'is-lost' : '');
}

function showLanguage() {
    // Each language is named in itself, for a reader who does not read the other one.
    setText(byId('language'), currentLanguage() === 'zh' ? 'English' : '中文');
    setAttribute(byId('language'), 'lang', currentLanguage() === 'zh' ? 'en' : 'zh-CN');
}

translateDocument();
showLanguage();
showConnection();
byId('language').addEventListener('click', switchLanguage);
byId('reconnect').addEventListener('click', reconnectNow);
listen(['connection', 'language'], showConnection);
listen(['language'], showLanguage);
listen(['language'], showProblem);
for (const start of [
    startNotice,
    startTabs,
    startPicture,
    startCalls,
    startLastCalls,
    startKnowledge,
    startBreak,
    startTimeline,
    startEvents,
    startLegend,
    startLoad,
    startSettings,
    startScenarios,
    startHint,
    startEscape,
])
    start();
connect();
