/** Error pages: what happened and what to do, without blame and without jargon. */
export const errors = {
  badRequest: {
    title: 'Richiesta non comprensibile',
    text: 'Il portale non ha capito la richiesta. Torna alla pagina precedente e riprova.',
  },
  sessionOver: {
    title: 'La sessione è terminata',
    text: 'Per proteggere i tuoi dati la sessione si chiude dopo un periodo di inattività. Inserisci di nuovo i due PIN per continuare.',
  },
  forbidden: {
    title: 'Operazione non consentita',
    text: 'La richiesta non è partita da una pagina di questo portale, perciò non è stata eseguita. Riprova dalla pagina del portale.',
  },
  notFound: {
    title: 'Pagina non trovata',
    text: 'L’indirizzo non corrisponde a nessuna pagina, oppure ciò che cerchi non è più disponibile online. I referti restano online per un periodo limitato: la copia su carta si può sempre ritirare allo sportello.',
  },
  locked: {
    title: 'Accesso sospeso per sicurezza',
    text: (day: string, time: string) =>
      `Ci sono stati troppi tentativi. Potrai riprovare dalle ore ${time} del ${day}.`,
  },
  tooMany: {
    title: 'Troppe richieste',
    text: 'Da questo collegamento sono arrivate troppe richieste in poco tempo. Aspetta qualche minuto e riprova.',
  },
  sharesTooMany: {
    title: 'Troppe condivisioni in un giorno',
    text: 'Oggi hai già creato il numero massimo di condivisioni. Riprova domani, oppure usa “Mostra PIN” per ridare collegamento e PIN a un medico che li ha già ricevuti.',
  },
  server: {
    title: 'Si è verificato un problema',
    text: 'Non dipende da te. Riprova tra qualche minuto; se il problema continua, contattaci.',
  },
  imagesUnavailable: {
    title: 'Immagini non disponibili in questo momento',
    text: 'L’archivio delle immagini non risponde. Il referto resta consultabile; riprova con le immagini tra qualche minuto.',
  },
  archiveDown: {
    title: 'Servizio momentaneamente non disponibile',
    text: 'Stiamo lavorando per ripristinarlo: i tuoi referti sono al sicuro. Riprova tra qualche minuto.',
  },
  preparing: {
    title: 'Le immagini sono in preparazione',
    text: 'Le immagini di questo esame saranno pronte tra poco: riprova tra qualche minuto.',
  },
  retry: 'Riprova',
  toList: 'Vai all’elenco dei referti',
  toAccess: 'Vai alla pagina di accesso',
  toHelp: 'Domande frequenti e contatti',
}
