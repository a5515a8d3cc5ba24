import type { MatterKind } from '../../desk/attention.ts'

type Words = { title: string; help: string; detail?: (detail: string) => string; act?: string }

const kinds: Record<MatterKind, Words> = {
  'mail-refused': {
    title: 'E-mail respinte',
    help: 'La persona non ha ricevuto l’avviso: chiedi l’indirizzo giusto e correggilo, il PIN2 riparte da solo.',
    detail: (code) => `codice ${code}`,
    act: 'Correggi l’e-mail',
  },
  'document-refused': {
    title: 'Documenti non accettati',
    help: 'Un referto è arrivato ma non è stato accettato, e dopo non ne è arrivato un altro: va rimandato firmato correttamente.',
    detail: (reason) => REASONS[reason] ?? reason,
    act: 'Apri la visita',
  },
  signature: {
    title: 'Firme da verificare',
    help: 'Il referto è arrivato, ma la sua firma non è verificata del tutto: chiedi al medico di controllare.',
    detail: (status) => REASONS[status] ?? status,
    act: 'Vedi la firma',
  },
  'birth-date': {
    title: 'Data di nascita diversa nelle immagini',
    help: 'Verifica che le immagini siano proprio di questa persona; se non lo sono, ritira la pubblicazione e avvisa la radiologia.',
    detail: (day) => `nelle immagini: ${day.replace(/^(\d{4})(\d{2})(\d{2})$/, '$3/$2/$1')}`,
    act: 'Apri la visita',
  },
  'study-uid-elsewhere': {
    title: 'Stesso studio due volte nell’archivio',
    help: 'Nell’archivio lo stesso Study Instance UID c’è sotto due Accession Number, o sotto due Patient ID: finché è così le immagini non si mostrano a nessuno, e un referto nuovo non viene pubblicato. Fai correggere l’archivio dalla radiologia.',
    detail: (number) =>
      number === '' ? 'l’altro è senza numero' : `l’Accession Number dell’altro è ${number}`,
    act: 'Apri la visita',
  },
  'never-opened': {
    title: 'Mai aperti, in scadenza entro 7 giorni',
    help: 'La persona non ha ancora visto il referto: una telefonata può evitare che scada.',
    detail: (day) => `scade il ${day.split('-').reverse().join('/')}`,
    act: 'Apri la visita',
  },
  'report-without-images': {
    title: 'Referti senza immagini',
    help: 'Il referto c’è da più di un giorno ma nell’archivio non ci sono immagini con quel numero: controlla l’Accession Number.',
    detail: (number) => `numero ${number}`,
    act: 'Apri la visita',
  },
  'no-email': {
    title: 'Consenso senza e-mail',
    help: 'Il referto è pronto e c’è il consenso, ma senza e-mail non viene pubblicato.',
    act: 'Aggiungi l’e-mail',
  },
  'copy-deleted': {
    title: 'Consenso dato di nuovo, referto da rimandare',
    help: 'Con la revoca del consenso la copia del referto è stata cancellata: fallo rimandare dal RIS, oppure caricalo a mano.',
    act: 'Apri la visita',
  },
  'images-late': {
    title: 'Immagini ferme a metà',
    help: 'L’arrivo delle immagini non finisce: può essersi interrotto l’invio dalla modalità o dal PACS.',
    detail: (number) => `numero ${number}`,
    act: 'Apri la visita',
  },
  'mail-late': {
    title: 'E-mail in attesa da più di un’ora',
    help: 'Il server di posta non accetta le e-mail: il portale riprova da solo. Se sono molte avvisa l’assistenza informatica.',
    detail: (code) => `ultimo errore ${code}`,
    act: 'Apri la visita',
  },
  'images-without-visit': {
    title: 'Immagini senza visita',
    help: 'Nell’archivio ci sono immagini che nessuna visita richiama: registra la visita, o fai correggere il numero.',
    detail: (number) => (number === '' ? 'senza numero' : `numero ${number}`),
    act: 'Registra la visita',
  },
}

const REASONS: Record<string, string | undefined> = {
  'report.altered': 'documento modificato dopo la firma',
  'report.unrecognised': 'formato non riconosciuto o danneggiato',
  'report.empty': 'documento vuoto',
  'report.content_not_pdf': 'il file firmato non contiene un PDF',
  'report.other_patient': 'è di un’altra persona: la data di nascita è diversa',
  'report.unidentified': 'non dice di chi è',
  'report.no_document': 'manca il documento firmato',
  'report.too_large': 'documento troppo grande',
  'report.not_applied': 'messaggio non utilizzabile',
  'exam.ambiguous': 'non si capisce di quale esame è',
  'exam.not_found': 'la visita non ha questo esame',
  'request.too_large': 'documento troppo grande',
  altered: 'la firma non corrisponde al documento',
  unverifiable: 'firma non verificabile',
  revoked: 'certificato revocato',
  untrusted: 'autorità non riconosciuta',
  validity: 'certificato non valido alla data della firma',
}

/** The list of what needs attention. */
export const deskAttention = {
  title: 'Da controllare',
  heading: 'Da controllare',
  lead: 'Le situazioni che non si risolvono da sole. Ognuna si risolve con l’azione indicata, oppure si archivia con una nota.',
  nothing: 'Non c’è nulla da controllare.',
  kinds,
  count: (count: number) => (count === 1 ? '1 caso' : `${count} casi`),
  since: (at: string) => `dal ${at}`,
  dismiss: 'Archivia con una nota',
  note: 'Nota',
  noteFor: (about: string) => `Nota per ${about}`,
  save: 'Archivia',
  noteMissing: 'Scrivi perché: la nota resta con la visita.',
  notesTitle: 'Ultime note',
  noteBy: (by: string, at: string) => `${by}, ${at}`,
  saved: 'Archiviato',
  letters: (count: number) =>
    count === 1 ? 'C’è 1 messaggio HL7 non applicato' : `Ci sono ${count} messaggi HL7 non applicati`,
  lettersElsewhere: (count: number) =>
    count === 1
      ? 'C’è 1 messaggio HL7 non applicato: avvisa la radiologia.'
      : `Ci sono ${count} messaggi HL7 non applicati: avvisa la radiologia.`,
  lettersExpiring: (count: number) =>
    count === 1 ? '(1 sarà cancellato entro 7 giorni)' : `(${count} saranno cancellati entro 7 giorni)`,
}
