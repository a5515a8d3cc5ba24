import type { AuditEvent } from '../../audit/audit.ts'

/** `you`: the patient did it; `other`: after the name of who did it. A plain text stands alone, whoever did it. */
type Sentence = string | { you: string; other: string }

const sentences = {
  'visit.registered': 'La tua visita è stata registrata nel portale',
  'visit.changed': 'I dati della tua visita sono stati aggiornati',
  'visit.read': { you: 'Hai consultato i dati della visita', other: 'ha consultato i dati della tua visita' },
  'desk.searched': 'Il tuo nome è comparso allo sportello in una ricerca o in un elenco di visite',
  'message.opened':
    'Lo sportello ha letto un messaggio del sistema della struttura che riguarda la tua visita',
  'consent.given': 'È stato registrato il tuo consenso al servizio online',
  'consent.withdrawn': 'È stato registrato il ritiro del tuo consenso',
  'pin1.reissued': 'È stato stampato un nuovo PIN1: quello di prima non vale più',
  'visit.unlocked': 'Lo sportello ha riaperto l’accesso sospeso',
  'pin1.printed': 'Lo sportello ha aperto il foglio con il PIN1 per stamparlo',
  'pin2.shown': 'Lo sportello ha letto il PIN2 per comunicarlo',
  'exam.excluded': 'L’esame è stato escluso dalla consegna online',
  'exam.included': 'L’esame non è più escluso dalla consegna online',
  'attention.dismissed': 'Lo sportello ha annotato una verifica sulla tua visita',
  'visit.deleted': 'I dati della visita sono stati cancellati alla scadenza',
  'pin2.issued': 'È stato creato un nuovo PIN2',
  'pin2.requested': 'È stato chiesto un nuovo PIN2 dalla pagina di accesso',
  'report.delivered': 'Il referto è stato consegnato al portale',
  'report.refused': 'Un documento non valido è stato respinto: non è stato pubblicato',
  'report.withdrawn': 'Il referto è stato annullato da chi lo aveva inviato',
  'publication.published': 'Il referto è stato pubblicato',
  'publication.updated': 'Il referto è stato aggiornato',
  'publication.ended': {
    you: 'Hai rimosso il referto dal portale',
    other: 'ha tolto il referto: non è più online',
  },
  'mail.sent': 'È stata inviata un’e-mail di avviso',
  'mail.refused': 'Un’e-mail di avviso non è stata accettata dalla casella del destinatario',
  'access.login': {
    you: 'Sei entrato nel portale con i due PIN',
    other: 'è entrato con il PIN della condivisione',
  },
  'identity.login': 'Sei entrato nel portale con la tua identità digitale (SPID o CIE)',
  'access.failed': 'Qualcuno ha provato a entrare con un PIN sbagliato',
  'access.locked': 'L’accesso è stato sospeso per i troppi tentativi',
  'access.logout': { you: 'Sei uscito dal portale', other: 'è uscito dal portale' },
  'report.viewed': { you: 'Hai letto il referto', other: 'ha letto il referto' },
  'report.read': 'Un altro sistema della struttura ha letto il referto',
  'report.downloaded': { you: 'Hai scaricato il referto firmato', other: 'ha scaricato il referto firmato' },
  'images.viewed': { you: 'Hai guardato le immagini', other: 'ha guardato le immagini' },
  'disc.downloaded': {
    you: 'Hai avviato lo scaricamento delle immagini',
    other: 'ha avviato lo scaricamento delle immagini',
  },
  'disc.completed': {
    you: 'Hai scaricato per intero le immagini e il referto',
    other: 'ha scaricato per intero le immagini e il referto',
  },
  'share.created': {
    you: 'Hai condiviso l’esame con un medico',
    other: 'ha condiviso l’esame con un medico',
  },
  'share.pin_shown': {
    you: 'Hai guardato il PIN di una condivisione',
    other: 'ha guardato il PIN di una condivisione',
  },
  'share.pin_renewed': {
    you: 'Hai creato un nuovo PIN per il medico',
    other: 'ha creato un nuovo PIN per il medico',
  },
  'share.revoked': { you: 'Hai annullato una condivisione', other: 'ha annullato una condivisione' },
  'share.suspended': 'Una condivisione è stata sospesa per i troppi PIN sbagliati',
  'share.ended': 'Una condivisione è terminata',
  'audit.read': 'Il registro degli accessi è stato consultato da chi lo controlla',
  'accesses.viewed': { you: 'Hai consultato questa pagina', other: 'ha consultato l’elenco degli accessi' },
  'receipt.downloaded': {
    you: 'Hai scaricato la ricevuta di ritiro',
    other: 'ha scaricato la ricevuta di ritiro',
  },
} satisfies Partial<Record<AuditEvent['event'], Sentence>>

/** "Chi ha visto il mio esame" (S39). */
export const accesses = {
  title: 'Chi ha visto il mio esame',
  heading: 'Chi ha visto il mio esame',
  lead: 'Tutto quello che è successo ai tuoi esami in questo portale: chi li ha aperti o scaricati, e quando. Le voci più recenti sono in alto.',
  none: 'Non c’è ancora nulla da mostrare.',
  download: 'Scarica l’elenco (CSV)',
  downloadHint: 'Si apre con un foglio di calcolo.',
  wrongTitle: 'Qualcosa non torna?',
  wrong: 'Se vedi un accesso che non riconosci annulla le condivisioni e chiedi un nuovo PIN2, poi avvisaci:',
  contacts: 'contatti',
  who: {
    patient: 'Tu',
    doctor: (name: string | null) => (name === null ? 'Un medico' : `Il medico ${name}`),
    ris: 'Il sistema della struttura',
    desk: (name: string | null) => (name === null ? 'Lo sportello' : `Lo sportello (${name})`),
    system: 'Il portale',
    anonymous: 'Qualcuno',
  },
  sentences: sentences as Record<string, Sentence | undefined>,
  unknown: { you: 'Hai compiuto un’operazione sull’esame', other: 'ha compiuto un’operazione sull’esame' },
  columns: { day: 'Data', time: 'Ora', who: 'Chi', what: 'Che cosa', exam: 'Esame' },
}
