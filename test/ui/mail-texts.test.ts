import { expect, test } from 'vitest'
import { type MailText, mail } from '../../src/messages/it/mail.ts'

const FACTS = {
  organisation: 'Azienda Ospedaliera di Esempio',
  portalUrl: 'https://referti.ospedale.example/',
  visitDay: '20/11/2026',
  availableUntil: '05/01/2027',
  contactEmail: 'assistenza@ospedale.example',
}
const SHARED = {
  reportDay: '18/05/2020',
  link: 'https://referti.ospedale.example/condivisione#abc',
  availableUntil: '10/06/2020',
}
const wordsOf = ({ subject, blocks }: MailText) => JSON.stringify([subject, blocks])

test('the doctor’s mail names patient, exams, day and link, and that the PIN comes from the patient (S33)', () => {
  const words = wordsOf(
    mail.shared(FACTS, { ...SHARED, patientName: 'ROSSI MARIO', exams: ['RADIOGRAFIA DEL TORACE', 'RM'] }),
  )
  for (const part of [
    'ROSSI MARIO',
    'il referto del 18/05/2020',
    'RADIOGRAFIA DEL TORACE, RM',
    SHARED.link,
    'sarà richiesto il PIN fornito dal paziente',
    'sino al 10/06/2020',
    'Regolamento UE 2016/679',
  ])
    expect(words).toContain(part)
})

test('its subject names nobody, and the masked one no exam either (S35b, S38)', () => {
  const full = mail.shared(FACTS, { ...SHARED, patientName: 'ROSSI MARIO', exams: ['TORACE'] })
  expect(full.subject).not.toMatch(/ROSSI|TORACE/)
  const words = wordsOf(mail.sharedMasked(FACTS, { ...SHARED, initials: 'R. M.' }))
  expect(words).toContain('R. M.')
  expect(words).toContain(SHARED.link)
  expect(words).not.toMatch(/prestazion/)
})

test('the reminder tells the day and the way in, and nothing of the exam (S27, S38)', () => {
  const text = mail.reminder(FACTS, null)
  const words = wordsOf(text)
  for (const part of ['20/11/2026', 'sino al 05/01/2027', FACTS.portalUrl, 'su carta'])
    expect(words).toContain(part)
  expect(text.blocks.some(({ kind }) => kind === 'pin')).toBe(false)
})
