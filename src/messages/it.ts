import { access } from './it/access.ts'
import { common } from './it/common.ts'
import { disc } from './it/disc.ts'
import { durations } from './it/durations.ts'
import { errors } from './it/errors.ts'
import { help } from './it/help.ts'
import { accessibility, privacy } from './it/legal.ts'
import { mail } from './it/mail.ts'
import { report } from './it/report.ts'
import { reportList } from './it/report-list.ts'
import { slip } from './it/slip.ts'

/** Everything the portal says, in Italian. A further language is a catalogue of the same type. */
export const it = {
  ...access,
  accessibility,
  common,
  disc,
  durations,
  errors,
  help,
  mail,
  privacy,
  report,
  reportList,
  slip,
}

export type Messages = typeof it
