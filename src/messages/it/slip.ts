export const slip = {
  title: 'Ritiro online di referti e immagini',
  intro:
    'Questo foglio contiene il PIN1, la prima delle due parti che servono per vedere online il referto e le immagini del Suo esame.',
  name: 'Cognome e nome',
  pin1: 'PIN1',
  portal: 'Indirizzo del portale',
  qr: 'Inquadri il codice con il telefono: apre il portale con il PIN1 già scritto.',
  next: 'Che cosa succede adesso',
  steps: (days: number) => [
    'Quando il referto è pronto riceve un’e-mail con il PIN2, la seconda parte.',
    'Apre il portale all’indirizzo qui sopra e inserisce PIN1 e PIN2.',
    'Vede e scarica il referto firmato e le immagini, da computer o telefono.',
    `Referto e immagini restano online ${days} giorni dalla pubblicazione.`,
  ],
  care: 'Conservi questo foglio con cura e non lo dia ad altri. Nessuno Le chiederà i PIN per telefono o via email. Se perde il foglio, lo sportello può darle un nuovo PIN1.',
  paper: 'Può sempre ritirare la copia su carta allo sportello.',
  contacts: 'Assistenza',
}
