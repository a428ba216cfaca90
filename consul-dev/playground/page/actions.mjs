// Sends an action of the reader, and shows what went wrong in words.
import { byId, setText } from './dom.mjs';
import { act } from './connection.mjs';
import { text } from './language.mjs';

const notice = byId('notice');
let problem = null;

export function showProblem() {
  notice.hidden = problem === null;
  setText(notice.querySelector('.notice-text'), problem === null ? '' : problem.status === 0 ? text('notice.unreachable') : text('notice.refused', problem));
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
