/** What a person of the staff can be; one may be several. */
export const ROLES = ['desk', 'radiology', 'administrator', 'auditor'] as const

export type Role = (typeof ROLES)[number]

/**
 * Every act of the console and the roles that may do it. What is not here, nobody may; every route of /desk names its act
 * in src/http/audience.ts. Administrators see no visit, auditors nothing clinical, and nobody both acts and audits unless
 * given both roles.
 */
export const ACTS = {
  'visit.search': ['desk', 'radiology'],
  'visit.read': ['desk', 'radiology'],
  'visit.register': ['desk'],
  'visit.change': ['desk'],
  'pin1.reissue': ['desk'],
  'pin2.renew': ['desk'],
  'visit.unlock': ['desk'],
  'publication.withdraw': ['desk', 'radiology'],
  'exam.exclude': ['desk', 'radiology'],
  'report.upload': ['desk', 'radiology'],
  'receipt.print': ['desk'],
  'attention.read': ['desk', 'radiology'],
  'attention.dismiss': ['desk', 'radiology'],
  'message.list': ['radiology', 'administrator'],
  'message.open': ['radiology'],
  'message.replay': ['radiology', 'administrator'],
  'message.dismiss': ['radiology', 'administrator'],
  'staff.manage': ['administrator'],
  'audit.read': ['auditor'],
} as const satisfies Record<string, readonly Role[]>

export type Act = keyof typeof ACTS

/** May somebody with these roles do it? */
export function may(roles: readonly Role[], act: Act): boolean {
  const allowed: readonly Role[] = ACTS[act]
  return roles.some((role) => allowed.includes(role))
}
