// Sends an action of the reader, and shows what went wrong in words.
import { byId, setText } from './dom.mjs';
import { act } from './connection.mjs';
import { hasText, text } from './language.mjs';
import { isReadOnly, isResetting, runningScenario } from './store.mjs';

const notice = byId('notice');
let problem = null;

// Why no action that changes something is possible now; '': one is.
export function whyBusy() {
    if (isReadOnly()) return text('readonly.button');
    if (isResetting()) return text('refused.resetting');
    return runningScenario() ? text('break.scenario') : '';
}

// The program's own words are English, so those that it has a code for are worded here.
function problemText() {
    if (problem === null) return '';
    if (problem.status === 0) return text('notice.unreachable');
    const key = `refused.${problem.code}`;
    return hasText(key) ? text(key) : text('notice.refused', problem);
}

export function showProblem() {
    notice.hidden = problem === null;
    setText(notice.querySelector('.notice-text'), problemText());
}

export async function send(action) {
    problem = await act(action);
    showProblem();
    return problem === null;
}

export function startNotice() {
    byId('notice-close').addEventListener('click', () => {
        problem = null;
        showProblem();
    });
}
