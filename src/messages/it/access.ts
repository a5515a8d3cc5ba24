export const access = {
  login: {
    title: 'Accesso',
    heading: 'Inserisci i due PIN per accedere al tuo referto',
    lead: 'Servono entrambi i PIN: uno ti è stato dato su carta, l’altro ti è arrivato per e-mail.',
    pin1: 'PIN1',
    pin2: 'PIN2',
    pin1Hint: '12 cifre. Spazi e trattini non contano.',
    pin2Hint: '8 cifre. Spazi e trattini non contano.',
    submit: 'Entra',
    noPin2: 'Non hai ricevuto il PIN2?',
    where: 'Dove trovo i PIN',
    pin1Where: 'PIN1 è stato fornito al momento dell’accettazione',
    pin1WhereMore: 'È stampato sul foglio che hai ricevuto allo sportello, in tre gruppi di quattro cifre.',
    pin2Where: 'PIN2 è stato recapitato via email',
    pin2WhereMore:
      'Arriva quando il referto è pronto, all’indirizzo che hai lasciato allo sportello. Controlla anche la posta indesiderata.',
    problems: 'Problemi di accesso? Leggi le domande frequenti',
    wrongTitle: 'PIN1 o PIN2 non corretti',
    wrong:
      'Controlla le cifre e riprova. Se hai chiesto un nuovo PIN2, vale solo l’ultimo che hai ricevuto. Se il periodo di pubblicazione è finito, o il referto è stato rimosso, i PIN non funzionano più. Dopo alcuni tentativi sbagliati l’accesso viene sospeso per un po’.',
    lockedTitle: 'Accesso sospeso per sicurezza',
    locked: (day: string, time: string) =>
      `Ci sono stati troppi tentativi, con questo PIN1 o da questo collegamento a Internet. Potrai riprovare dalle ore ${time} del ${day}. Se ti serve prima, rivolgiti allo sportello.`,
    lockedForGood:
      'Ci sono stati troppi tentativi con PIN sbagliati: questo PIN2 non è più utilizzabile. Richiedi un nuovo PIN2 qui sotto, oppure rivolgiti allo sportello.',
    mistypedTitle: 'PIN1 non corretto',
    mistyped:
      'Una delle cifre del PIN1 non è giusta: ricontrollale sul foglio dell’accettazione. Questo tentativo non è stato contato.',
    expiredTitle: 'Il referto non è più disponibile online',
    expired:
      'I PIN sono corretti, ma il periodo di pubblicazione è terminato o il referto è stato rimosso. La copia su carta si può sempre ritirare allo sportello.',
    openTitle: 'Hai già una sessione aperta',
    open: 'In questo browser è aperta la sessione di una visita. Per vederne un’altra inserisci qui i suoi PIN.',
    openContinue: 'Continua la sessione aperta',
    sessionOverTitle: 'La sessione è terminata',
    sessionOver: 'Per continuare inserisci di nuovo i due PIN.',
    idleTitle: 'Sessione chiusa per inattività',
    idle: 'Dopo 15 minuti senza attività chiudiamo la sessione per proteggere i tuoi dati. Per continuare inserisci di nuovo i due PIN.',
    signedOutTitle: 'Sei uscito dal portale',
    signedOut: 'I tuoi dati non sono più visibili su questo dispositivo.',
    check: {
      complete: 'PIN1 completo',
      badDigit: 'Una delle cifre del PIN1 non è giusta: ricontrollale sul foglio dell’accettazione.',
      tooMany: 'Il PIN1 ha 12 cifre: ne hai inserite di più.',
      tooFew: 'Il PIN1 ha 12 cifre: ne mancano alcune.',
      looksLikePin2: 'Il PIN1 ha 12 cifre. Il codice di 8 cifre ricevuto via email è il PIN2.',
      notDigits: 'Il PIN1 è fatto solo di cifre.',
      filled: 'PIN1 inserito dal codice QR: controlla che corrisponda al foglio e scrivi il PIN2.',
      pin2: 'Il PIN2 è fatto di 8 cifre: lo trovi nell’e-mail.',
    },
  },
  pin2Request: {
    title: 'Nuovo PIN2',
    heading: 'Non hai ricevuto il PIN2?',
    lead: 'Inserisci il tuo PIN1: se c’è un referto disponibile ti mandiamo un nuovo PIN2 all’indirizzo e-mail che hai lasciato allo sportello.',
    before: 'Prima di chiederlo',
    beforeItems: [
      'Il PIN2 arriva solo quando il referto è pronto: può volerci qualche giorno dopo l’esame.',
      'Cerca l’e-mail anche nella posta indesiderata (spam) e nella scheda “Promozioni”.',
      'Con il nuovo PIN2 quello precedente smette di funzionare.',
    ],
    submit: 'Invia un nuovo PIN2',
    sentTitle: 'Richiesta ricevuta',
    sent: 'Se il PIN1 è corretto e c’è un referto disponibile, tra qualche minuto riceverai un’e-mail con il nuovo PIN2. Per sicurezza mostriamo questo messaggio in ogni caso.',
    sentMore:
      'Se non arriva nulla entro un’ora, l’indirizzo registrato potrebbe essere sbagliato: rivolgiti allo sportello per farlo correggere.',
  },
}
