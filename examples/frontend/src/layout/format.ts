const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const timeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export const formatDate = (time: string) => dateFormat.format(new Date(time));
export const formatTime = (time: string) => timeFormat.format(new Date(time));

/** The name of a user, or else the uid. */
export const nameOf = (user: { firstName?: string | null; lastName?: string | null; uid: string }) =>
  [user.firstName, user.lastName].filter(Boolean).join(' ') || user.uid;
