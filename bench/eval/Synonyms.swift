/// Pairs of a word and another expression for the same thing, by what can be done with it.
///
/// Owns: the pairs for paraphrased questions. Must never: pair two expressions that share a word, or that a careful
/// reader would not take for the same thing in the sentence frames they are used in.

/// The memory says `plain`, the question says `other`.
struct Synonym: Sendable {
    var plain: String
    var other: String
}

/// What a pair can be used for; each has its own sentence frames.
enum SynonymCategory: Int, CaseIterable, Sendable {
    case object
    case person
    case place
    case ailment
    case animal
    case occasion
    case software
    case failure
    case activity
    case food
}

enum Synonyms {
    static func table(_ category: SynonymCategory) -> [Synonym] {
        switch category {
        case .object: objects
        case .person: people
        case .place: places
        case .ailment: ailments
        case .animal: animals
        case .occasion: occasions
        case .software: software
        case .failure: failures
        case .activity: activities
        case .food: foods
        }
    }

    /// Reads `plain = other; plain = other`.
    static func pairs(_ text: String) -> [Synonym] {
        text.split(separator: ";").compactMap { entry in
            let sides = entry.split(separator: "=").map { side in
                side.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            }
            return sides.count == 2 ? Synonym(plain: sides[0], other: sides[1]) : nil
        }
    }

    static let objects = pairs(
        """
        car = automobile; bicycle = pushbike; sofa = couch; fridge = icebox; laptop = notebook computer;
        television = flat-screen set; phone = mobile handset; watch = wrist timepiece; jacket = outerwear;
        boots = sturdy footwear; glasses = spectacles; backpack = rucksack; suitcase = piece of luggage;
        rug = floor covering; lamp = light fixture; wardrobe = clothes closet; vase = flower container;
        necklace = piece of jewellery; umbrella = rain protection; tent = camping shelter; canoe = paddle boat;
        drill = power tool; lawnmower = grass cutter; kettle = water boiler; toaster = bread browner;
        mattress = bedding; curtains = window drapes; mirror = looking glass; trousers = pair of pants;
        sweater = knitted pullover; headphones = earphones; camera = photographic equipment;
        piano = keyboard instrument; painting = artwork; novel = work of fiction; scooter = moped;
        helmet = protective headgear; wallet = billfold; perfume = fragrance; ring = band of gold;
        oven = cooking appliance; heater = radiator; ladder = set of steps; microwave = kitchen appliance;
        stroller = baby carriage; crib = infant cot; hoover = vacuum cleaner; tap = faucet; torch = flashlight;
        rubbish bin = trash can; wheelbarrow = gardening cart; axe = wood chopper; scarf = neck warmer;
        gloves = mittens; swimsuit = bathing costume; pillow = headrest; clock = timekeeper
        """)

    static let people = pairs(
        """
        doctor = physician; lawyer = attorney; boss = supervisor; teacher = educator; nurse = hospital carer;
        policeman = law enforcement officer; plumber = pipe fitter; barber = hairdresser; butcher = meat seller;
        journalist = reporter; neighbour = person living next door; flatmate = roommate; landlord = property owner;
        wife = spouse; baby = newborn; teenager = adolescent; grandmother = nan; uncle = parent's sibling;
        friend = buddy; guest = visitor; chef = professional cook; accountant = bookkeeper;
        dentist = tooth specialist; therapist = counsellor; cleaner = janitor; soldier = member of the military;
        author = writer; singer = vocalist; coach = sports trainer; pupil = schoolchild;
        professor = university academic; electrician = wiring expert; driver = chauffeur; waiter = restaurant server;
        pilot = aviator; gardener = landscaper; translator = interpreter; photographer = picture taker;
        tailor = clothing alterer; vet = animal surgeon; priest = clergyman; politician = elected official;
        optician = eye specialist; colleague = coworker; client = customer; intern = trainee; recruiter = headhunter;
        builder = construction worker
        """)

    static let places = pairs(
        """
        shop = store; flat = apartment; cinema = movie theatre; pharmacy = drugstore; church = house of worship;
        pub = bar; pool = swimming bath; forest = woodland; beach = seashore; hospital = infirmary; prison = jail;
        school = place of education; farm = agricultural holding; harbour = port; hotel = overnight lodging;
        office = workplace; gym = fitness studio; cemetery = graveyard; playground = kids' climbing area;
        motorway = freeway; bakery = bread seller; cottage = little country house; castle = fortress;
        lake = inland water; cellar = basement; attic = loft; garage = parking space; garden = backyard;
        library = book-lending institution; petrol station = fuel stop; museum = exhibition building;
        stadium = sports arena; restaurant = eatery; factory = manufacturing plant; warehouse = storage depot
        """)

    static let ailments = pairs(
        """
        flu = influenza; high blood pressure = hypertension; insomnia = sleeplessness; heart attack = cardiac arrest;
        stomach ache = abdominal pain; broken arm = fractured limb; cold = runny nose; sunburn = scorched skin;
        back pain = lumbar trouble; chickenpox = childhood rash; concussion = head injury; toothache = sore molar;
        depression = low mood; short sight = myopia; bruise = contusion; nosebleed = facial haemorrhage;
        dizziness = giddiness; fever = raised temperature; sprained ankle = twisted foot joint;
        asthma = breathing trouble; anxiety = nervousness; deafness = hearing loss; rash = skin irritation;
        cough = throat clearing; exhaustion = burnout; diarrhoea = loose bowels; heartburn = acid reflux;
        swollen knee = puffed-up leg joint
        """)

    static let animals = pairs(
        """
        cat = feline companion; dog = canine friend; horse = equine; snake = serpent; pig = hog; rabbit = bunny;
        hen = poultry; parrot = talking bird; goldfish = aquarium dweller; frog = amphibian; spider = arachnid;
        bee = honey-making insect; mouse = small rodent; lizard = reptile; cow = dairy cattle;
        sheep = woolly livestock; pony = young steed; puppy = whelp; magpie = thieving bird; pigeon = dove;
        eagle = bird of prey; goose = honking waterfowl
        """)

    static let occasions = pairs(
        """
        wedding = marriage ceremony; funeral = burial; exam = final test; holiday = vacation; party = celebration;
        interview = job conversation; birthday = day of birth; meeting = conference; concert = live music evening;
        trip = journey; graduation = degree ceremony; match = football game; parade = procession;
        lecture = academic talk; auction = public bidding sale; strike = labour walkout; election = public vote;
        rehearsal = practice run; picnic = outdoor meal; housewarming = moving-in bash; divorce = marital separation;
        surgery = operation; trial = court hearing; retirement = end of working life; pregnancy = expecting a child;
        race = speed contest; festival = cultural fair; course = training class; reunion = alumni gathering;
        farewell = goodbye do
        """)

    static let software = pairs(
        """
        login page = sign-in screen; database = data store; test suite = automated checks; cache = temporary copy;
        queue = backlog of jobs; dashboard = monitoring overview; cron job = scheduled task; firewall = packet filter;
        compiler = translator of source code; documentation = manual; library = reusable package;
        server = remote machine; password = secret credential; search box = lookup field; backup = safety copy;
        log file = diary of events; API = programming interface; mail client = post reader;
        website = internet presence; app = mobile program; payment form = checkout mask; chart = diagram;
        report = summary document; network = connectivity layer; encryption = ciphering; parser = syntax reader;
        installer = setup wizard; load balancer = traffic distributor; scheduler = timing component;
        container = isolated runtime; pipeline = delivery chain; index = lookup structure; plugin = add-on;
        spreadsheet = table of figures
        """)

    static let failures = pairs(
        """
        bug = defect; crash = sudden termination; outage = downtime; memory leak = ever-growing heap;
        typo = misspelling; timeout = exceeded waiting period; data loss = vanished records; slowdown = sluggishness;
        deadlock = mutual blocking; breach = intrusion; overload = excess of traffic;
        regression = relapse; freeze = standstill; rounding error = imprecise arithmetic;
        duplicate invoice = bill sent twice; wrong currency = mistaken monetary unit; broken link = dead hyperlink;
        power cut = electricity failure; missing translation = untranslated text; spam wave = flood of junk;
        full disk = exhausted storage; expired certificate = lapsed trust document
        """)

    static let activities = pairs(
        """
        jogging = running slowly; swimming = doing laps in water; hiking = long walks in nature;
        cooking = preparing meals; knitting = needlecraft; painting = making pictures; fishing = angling;
        cycling = riding a bike; gardening = tending plants; reading = being absorbed in books;
        sewing = stitching clothes; dancing = moving to music; meditation = mindfulness;
        climbing = scaling rock faces; sailing = yachting; skiing = downhill winter sport; singing = choir practice;
        gaming = playing on a console; volunteering = unpaid charity work; woodworking = carpentry;
        camping = sleeping outdoors; boxing = fist fighting; chess = sixty-four squares;
        photography = taking snapshots; surfing = riding waves; weightlifting = barbell training; pottery = ceramics;
        astronomy = watching stars; bird watching = ornithology; baking = making cakes
        """)

    static let foods = pairs(
        """
        aubergine = eggplant; courgette = zucchini; coriander = cilantro; prawns = shrimp; sweets = candy;
        biscuits = cookies; crisps = potato chips; steak = red meat; tofu = soy protein; salmon = pink fish;
        porridge = cooked oats; spaghetti = pasta; lemonade = fizzy drink; wine = fermented grapes; beer = ale;
        cheese = dairy product; strawberries = red berries; bread = sourdough loaf; rocket = arugula;
        beetroot = red root; peanuts = legume snack; honey = bee product; chilli = hot pepper; pancakes = crepes;
        mince = ground beef; maize = corn; omelette = fried eggs; oysters = molluscs; broth = clear soup;
        yoghurt = cultured milk
        """)
}
