import { access } from './it/access.ts'
import { accesses } from './it/accesses.ts'
import { common } from './it/common.ts'
import { desk } from './it/desk.ts'
import { deskAttention } from './it/desk-attention.ts'
import { deskMessages } from './it/desk-messages.ts'
import { deskTrail } from './it/desk-trail.ts'
import { deskVisits } from './it/desk-visits.ts'
import { disc } from './it/disc.ts'
import { doctor } from './it/doctor.ts'
import { durations } from './it/durations.ts'
import { errors } from './it/errors.ts'
import { help } from './it/help.ts'
import { identity } from './it/identity.ts'
import { accessibility, privacy } from './it/legal.ts'
import { mail } from './it/mail.ts'
import { quickView } from './it/quick-view.ts'
import { receipt } from './it/receipt.ts'
import { removal } from './it/removal.ts'
import { report } from './it/report.ts'
import { reportList } from './it/report-list.ts'
import { sharing } from './it/sharing.ts'
import { slip } from './it/slip.ts'
import { structured } from './it/structured.ts'

/** Everything the portal says, in Italian. A further language is a catalogue of the same type. */
export const it = {
  ...access,
  accesses,
  accessibility,
  common,
  desk,
  deskMessages,
  deskAttention,
  deskTrail,
  deskVisits,
  disc,
  doctor,
  durations,
  errors,
  help,
  identity,
  mail,
  privacy,
  quickView,
  receipt,
  removal,
  report,
  reportList,
  sharing,
  slip,
  structured,
}

export type Messages = typeof it
