/** Small JSON Schemas, of which the answers' are made. */
export const text = { type: 'string' }
const instant = { type: 'string', format: 'date-time' }
export const flag = { type: 'boolean' }
const count = { type: 'integer' }
const maybe = (schema: { type: string }) => ({ ...schema, type: [schema.type, 'null'] })
export const object = (properties: object) => ({ type: 'object', properties })
const whole = (properties: object) => ({ ...object(properties), required: Object.keys(properties) })
const orNull = (schema: object) => ({ oneOf: [schema, { type: 'null' }] })
const day = { ...text, format: 'date' }

const images = {
  state: { enum: ['none', 'arriving', 'stable'] },
  expected: flag,
  studies: count,
  series: count,
  instances: count,
  bytes: count,
  studyInstanceUids: { type: 'array', items: text },
}

const report = whole({
  version: count,
  kind: { enum: ['pdf', 'p7m'] },
  sha256: text,
  receivedAt: instant,
  signature: {
    ...object({
      status: { enum: ['valid', 'altered', 'unverifiable', 'none'] },
      signers: { type: 'array', items: { type: 'object' } },
      timestamps: { type: 'array', items: { type: 'object' } },
      checkedAt: instant,
    }),
    description: 'What the verification found; of each signer the name, time, certificate and trust',
  },
  atHand: { ...flag, description: 'false: our copy was deleted; deliver the document again to publish' },
})

const publication = whole({
  online: flag,
  publishedAt: instant,
  availableUntil: { ...day, description: 'Last whole day online in Europe/Rome' },
  endedAt: maybe(instant),
  endedBy: {
    enum: ['expiry', 'consent', 'patient', 'desk', 'ris', null],
    description: 'What the person or the desk took off does not come back by itself',
  },
  firstViewedAt: maybe(instant),
  firstDownloadedAt: maybe(instant),
  firstDiscAt: maybe(instant),
})

const exam = whole({
  accessionNumber: text,
  description: text,
  date: day,
  imagesExpected: flag,
  excluded: { ...flag, description: 'Excluded by law from online delivery' },
  cancelledAt: maybe(instant),
  images: whole({
    ...images,
    warnings: {
      type: 'array',
      items: { enum: ['patient-birth-date-differs', 'study-uid-elsewhere'] },
      description:
        'patient-birth-date-differs: the images may be another person’s. study-uid-elsewhere: the archive has the Study Instance UID under another Accession Number or Patient ID too, so the images show to nobody',
    },
  }),
  report: orNull(report),
  publication: { ...orNull(publication), description: 'The last one' },
  collected: {
    type: 'array',
    items: whole({ version: count, supersededAt: maybe(instant), at: instant }),
    description: 'The versions that the person collected, and when first',
  },
})

/** The state of a visit, as `visitState()` tells it. */
export const VISIT_STATE = whole({
  accessionNumber: text,
  registeredAt: instant,
  email: maybe(text),
  correctedAtDesk: {
    type: 'array',
    items: text,
    description:
      'What the desk corrected of the person: what stood there before is not taken again from any system',
  },
  consent: whole({ given: flag, at: instant, textVersion: text }),
  images: whole(images),
  report: { enum: ['missing', 'partial', 'delivered'] },
  published: flag,
  publishedAt: maybe(instant),
  availableUntil: { ...maybe(day), description: 'Last whole day online in Europe/Rome' },
  pin1: whole({
    issuedAt: instant,
    lockedUntil: {
      ...maybe(instant),
      description: 'Year 9999: locked until a new PIN2, or until the desk unlocks',
    },
  }),
  pin2: whole({ issuedAt: maybe(instant) }),
  mail: {
    ...whole({
      state: { enum: ['none', 'queued', 'sent', 'refused', 'cancelled'] },
      kind: { enum: ['published', 'updated', 'pin2', 'reminder', null] },
      attempts: count,
      lastError: { ...maybe(text), description: 'SMTP reply code or error code' },
      queuedAt: maybe(instant),
      sentAt: maybe(instant),
    }),
    description: 'The last mail to the person; a refused one with PIN2 until another PIN2 is on its way',
  },
  exams: { type: 'array', items: exam },
  links: { type: 'object', additionalProperties: text },
})
