import type { Act, Intake, Received } from './call.ts'
import { order } from './order.ts'
import { admission, merge } from './patient.ts'
import { Hl7Refusal } from './refusal.ts'
import { result } from './result.ts'

type Read = (received: Received, intake: Intake) => Act | Promise<Act>

/** Movements within the hospital (HL7 v2.5 §3.3): part of every ADT feed, and nothing to the portal. */
const nothing: Read = () => async () => 'Nothing to do for this event.'
const MOVEMENTS =
  'A02 A03 A06 A07 A09 A10 A11 A12 A13 A14 A15 A16 A17 A20 A21 A22 A25 A26 A27 A32 A33 A38 A44 A52 A53 A54 A55 A60 A61 A62'

const EVENTS: Record<string, Record<string, Read>> = {
  ADT: {
    ...of(MOVEMENTS.split(' '), nothing),
    ...of(['A01', 'A04', 'A05', 'A08', 'A28', 'A31'], admission),
    ...of(['A18', 'A34', 'A36', 'A39', 'A40'], merge),
  },
  ORM: { O01: order },
  OMG: { O19: order },
  OMI: { O23: order },
  ORU: of(['R01', 'R30', 'R32'], result),
  MDM: of(['T02', 'T04', 'T06', 'T08', 'T10', 'T11'], result),
}

/** Reads a message and says what is to be done. All that takes time, such as verifying a signature, is done by then. */
export async function readIntake(received: Received, intake: Intake): Promise<Act> {
  const { type, event } = received.header
  const events = Object.hasOwn(EVENTS, type) ? EVENTS[type] : undefined
  if (!events)
    throw new Hl7Refusal('AR', 200, 'This message type is not taken: ADT, ORM, OMG, OMI, ORU and MDM are.', {
      location: 'MSH-9',
    })
  // ORM has one event only, and old systems leave it out.
  const wanted = event === '' && Object.keys(events).length === 1 ? Object.keys(events)[0] : event
  const read = wanted !== undefined && Object.hasOwn(events, wanted) ? events[wanted] : undefined
  if (!read)
    throw new Hl7Refusal('AR', 201, `Of ${type} these events are taken: ${withEffect(events).join(', ')}.`, {
      location: 'MSH-9',
    })
  return read(received, intake)
}

const withEffect = (events: Record<string, Read>) =>
  Object.keys(events).filter((event) => events[event] !== nothing)

function of(events: string[], read: Read): Record<string, Read> {
  return Object.fromEntries(events.map((event) => [event, read]))
}
