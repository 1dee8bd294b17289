/** A country of demo users. */
export interface Country {
  /** ISO 3166-1 alpha-2. */
  code: string;
  /** IANA name. */
  timeZone: string;
  /**
   * Phone number in international format; `#` stands for any digit. The range is reserved for fiction or unassigned, so
   * that no demo number belongs to a real subscriber.
   */
  number: string;
  cities: readonly [string, ...string[]];
  firstNames: readonly [string, ...string[]];
  lastNames: readonly [string, ...string[]];
}

export const countries: readonly [Country, ...Country[]] = [
  {
    code: 'NG',
    timeZone: 'Africa/Lagos',
    number: '+234100#######',
    cities: ['Lagos', 'Abuja', 'Ibadan'],
    firstNames: ['Chidinma', 'Olúwaṣeun', 'Ngozi', 'Tunde', 'Amaka', 'Yetunde', 'Emeka', 'Halima'],
    lastNames: ['Okafor', 'Adeyemi', 'Balogun', 'Nwosu', 'Eze', 'Ogunleye', 'Bello', 'Okonkwo'],
  },
  {
    code: 'KE',
    timeZone: 'Africa/Nairobi',
    number: '+254600######',
    cities: ['Nairobi', 'Mombasa', 'Kisumu'],
    firstNames: ['Wanjiru', 'Otieno', 'Akinyi', 'Kamau', 'Njeri', 'Kiprono', 'Achieng', 'Mutua'],
    lastNames: ['Mwangi', 'Odhiambo', 'Kimani', 'Cheruiyot', 'Njoroge', 'Wafula', "Ong'ondo", 'Kariuki'],
  },
  {
    code: 'GH',
    timeZone: 'Africa/Accra',
    number: '+233100######',
    cities: ['Accra', 'Kumasi'],
    firstNames: ['Kwame', 'Ama', 'Kofi', 'Abena', 'Yaw', 'Efua', 'Akosua', 'Kojo'],
    lastNames: ['Mensah', 'Owusu', 'Boateng', 'Asante', 'Osei', 'Appiah', 'Agyeman', 'Darko'],
  },
  {
    code: 'ZA',
    timeZone: 'Africa/Johannesburg',
    number: '+27900######',
    cities: ['Cape Town', 'Johannesburg', 'Durban'],
    firstNames: ['Thandiwe', 'Sipho', 'Lerato', 'Pieter', 'Nomvula', 'Johan', 'Zanele', 'Bongani'],
    lastNames: ['Nkosi', 'Dlamini', 'van der Merwe', 'Khumalo', 'Botha', 'Naidoo', 'Mokoena', 'Pillay'],
  },
  {
    code: 'GB',
    timeZone: 'Europe/London',
    number: '+447700900###',
    cities: ['London', 'Manchester', 'Glasgow', 'Cardiff'],
    firstNames: ['Olivia', 'Harry', 'Isla', 'Rhys', 'Priya', 'Callum', 'Imogen', 'Zoë'],
    lastNames: ['Hughes', 'Campbell', 'Whitaker', 'Patel', "O'Connor", 'Bennett', 'Lloyd', 'Smythe-Jones'],
  },
  {
    code: 'IE',
    timeZone: 'Europe/Dublin',
    number: '+3532091#####',
    cities: ['Dublin', 'Cork', 'Galway'],
    firstNames: ['Aoife', 'Cillian', 'Niamh', 'Oisín', 'Saoirse', 'Pádraig', 'Róisín', 'Eoin'],
    lastNames: ['Murphy', 'Ó Briain', 'Byrne', 'Gallagher', 'Doyle', 'Ní Chonaill', 'Walsh', 'Kavanagh'],
  },
  {
    code: 'US',
    timeZone: 'America/Los_Angeles',
    number: '+141555501##',
    cities: ['San Francisco', 'Oakland', 'Berkeley'],
    firstNames: ['Madison', 'Tyler', 'Jasmine', 'Ethan', 'Destiny', 'Logan', 'Alejandra', 'Mei'],
    lastNames: ['Carter', 'Reyes', 'Washington', 'Kowalski', 'Nguyen', 'Brooks', 'Goldberg', 'Chen'],
  },
  {
    code: 'FR',
    timeZone: 'Europe/Paris',
    number: '+3363998####',
    cities: ['Paris', 'Lyon', 'Nantes'],
    firstNames: ['Chloé', 'Théo', 'Inès', 'Léa', 'Mathis', 'Anaïs', 'François', 'Aïcha'],
    lastNames: ['Lefèvre', 'Moreau', 'Garnier', 'Benali', 'Dubois', 'Rousseau', 'Le Goff', 'Chevalier'],
  },
  {
    code: 'DE',
    timeZone: 'Europe/Berlin',
    number: '+491713920###',
    cities: ['Berlin', 'Hamburg', 'Köln'],
    firstNames: ['Jürgen', 'Lena', 'Björn', 'Käthe', 'Emre', 'Sophie', 'Matthias', 'Anneliese'],
    lastNames: ['Müller', 'Schäfer', 'Groß', 'Yılmaz', 'Hoffmann', 'Krüger', 'von Arnim', 'Weiß'],
  },
  {
    code: 'SE',
    timeZone: 'Europe/Stockholm',
    number: '+467017406##',
    cities: ['Stockholm', 'Göteborg', 'Malmö'],
    firstNames: ['Åsa', 'Björn', 'Linnéa', 'Gustav', 'Märta', 'Örjan', 'Ebba', 'Nils'],
    lastNames: ['Lindqvist', 'Öberg', 'Sjöström', 'Nyström', 'Håkansson', 'Bergman', 'Ekström', 'Dahl'],
  },
  {
    code: 'BR',
    timeZone: 'America/Sao_Paulo',
    number: '+55109########',
    cities: ['São Paulo', 'Recife', 'Belo Horizonte'],
    firstNames: ['João', 'Luíza', 'Thiago', 'Conceição', 'Rafael', 'Beatriz', 'Vitória', 'Caio'],
    lastNames: ['Gonçalves', 'da Silva', 'Araújo', 'Ferreira', 'dos Santos', 'Magalhães', 'Pereira', 'Conceição'],
  },
  {
    code: 'IN',
    timeZone: 'Asia/Kolkata',
    number: '+9110000#####',
    cities: ['Bengaluru', 'Mumbai', 'Kochi'],
    firstNames: ['Ananya', 'Arjun', 'Lakshmi', 'Rohan', 'Sneha', 'Vikram', 'Fatima', 'Harpreet'],
    lastNames: ['Iyer', 'Sharma', 'Reddy', 'Kapoor', 'Menon', 'Chatterjee', 'Singh', 'Khan'],
  },
  {
    code: 'JP',
    timeZone: 'Asia/Tokyo',
    number: '+8110########',
    cities: ['Tokyo', 'Osaka', 'Sapporo'],
    firstNames: ['Haruka', 'Kenji', 'Yūko', 'Shōta', 'Aoi', 'Ren', 'Sakura', 'Daiki'],
    lastNames: ['Satō', 'Tanaka', 'Itō', 'Watanabe', 'Kobayashi', 'Ōno', 'Yamamoto', 'Mori'],
  },
  {
    code: 'MX',
    timeZone: 'America/Mexico_City',
    number: '+52100#######',
    cities: ['Ciudad de México', 'Guadalajara', 'Mérida'],
    firstNames: ['Ximena', 'José', 'Lucía', 'Iñaki', 'Guadalupe', 'Andrés', 'Sofía', 'Ramón'],
    lastNames: ['Hernández', 'Muñoz', 'Ramírez', 'Peña', 'de la Cruz', 'Gómez', 'Ibáñez', 'Luna'],
  },
  {
    code: 'PL',
    timeZone: 'Europe/Warsaw',
    number: '+48100######',
    cities: ['Warszawa', 'Kraków', 'Łódź'],
    firstNames: ['Łukasz', 'Małgorzata', 'Jakub', 'Zofia', 'Paweł', 'Agnieszka', 'Michał', 'Żaneta'],
    lastNames: ['Wójcik', 'Kowalczyk', 'Zieliński', 'Szymańska', 'Dąbrowski', 'Piątek', 'Łuczak', 'Nowak'],
  },
];
