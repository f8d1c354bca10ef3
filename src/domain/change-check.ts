/** The check run that shows the decision about a change; GitHub has to require it, of our App. */
export const CHANGE_CHECK = 'countersign/change';
