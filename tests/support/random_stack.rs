//! Random stacks within bounds: the shop with more and less of everything that stack.yaml can say.

use std::fmt::Write;

/// Numbers that are the same for the same seed (SplitMix64).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % sides as u64).unwrap()
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }

    /// True once in `sides`.
    fn once_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }
}

/// A stack.yaml of that name. Nothing is protected, so that tables may be replaced and sites may
/// go; the seed is always the same, since data that a stack once had stays when it no longer asks
/// for it.
pub fn stack(name: &str, dice: &mut Dice) -> String {
    let mut text = format!(
        "name: {name}\nregion: us-east-1\ntags: {{ project: {} }}\n",
        dice.pick(&["shop", "other"])
    );
    let tables: Vec<&str> =
        ["Orders", "Carts", "Visits"].into_iter().filter(|_| !dice.once_in(3)).collect();
    text += "tables:\n  Products: { key: productId, seed: seed/products.json, protect: false }\n";
    for table in &tables {
        text += &self::table(table, dice);
    }
    let site = !dice.once_in(5);
    let api = !dice.once_in(6);
    let functions: Vec<&str> = [("listProducts", 8), ("createOrder", 3)]
        .into_iter()
        .filter(|(_, n)| !dice.once_in(*n))
        .map(|f| f.0)
        .collect();
    let cors = api && !functions.is_empty();
    text += if functions.is_empty() { "" } else { "functions:\n" };
    for function in &functions {
        text += &self::function(function, &tables, cors, dice);
    }
    if cors {
        text += &routes(&functions, site, dice);
    }
    if site {
        text += &website(dice);
    }
    if (site || cors) && !dice.once_in(4) {
        let groups: Vec<&str> = ["common", "sqli", "known_bad_inputs", "bots"]
            .into_iter()
            .filter(|_| !dice.once_in(2))
            .collect();
        let with_settings = |name: &&str| match *name {
            "bots" if site => "{ group: bots, scope: site }".to_string(),
            "common" => "{ group: common, count: [SizeRestrictions_BODY] }".to_string(),
            name => name.to_string(),
        };
        let groups = groups.iter().map(with_settings).collect::<Vec<_>>().join(", ");
        writeln!(
            text,
            "waf: {{ managed_groups: [{groups}], rate_limit: {} }}",
            1000 + dice.roll(3) * 500
        )
        .unwrap();
    }
    writeln!(text, "logs: {{ retention_days: {} }}", dice.pick(&["7", "30", "365"])).unwrap();
    text
}

fn table(name: &str, dice: &mut Dice) -> String {
    let key = dice.pick(&["id", "id", "id", "number"]);
    let mut text = format!("  {name}:\n    key: {key}\n    protect: false\n");
    if dice.once_in(2) {
        text += "    sort_key: { name: at, type: number }\n";
    }
    if dice.once_in(2) {
        let projection = dice.pick(&["all", "keys_only", "[status]"]);
        writeln!(text, "    indexes: {{ byUser: {{ key: userId, projection: {projection} }} }}")
            .unwrap();
    }
    if dice.once_in(3) {
        writeln!(
            text,
            "    billing: {{ provisioned: {{ read: {}, write: 2 }} }}",
            1 + dice.roll(3)
        )
        .unwrap();
    }
    if dice.once_in(3) {
        text += "    point_in_time_recovery: false\n";
    }
    if dice.once_in(3) {
        text += "    ttl: expiresAt\n";
    }
    text
}

fn function(name: &str, tables: &[&str], cors: bool, dice: &mut Dice) -> String {
    let source = if name == "listProducts" { "list" } else { "order" };
    let (memory, timeout) = (dice.pick(&["128", "256", "512"]), 5 + dice.roll(3));
    let mut text = format!(
        "  {name}:\n    crate: lambdas/{source}\n    memory: {memory}\n    timeout: {timeout}\n"
    );
    text += "    env:\n      PRODUCTS_TABLE: ${table.Products.name}\n";
    if cors && dice.once_in(2) {
        text += "      CORS_ORIGINS: ${api.cors_origins}\n";
    }
    if dice.once_in(2) {
        writeln!(text, "      FLAVOUR: f{}", dice.roll(3)).unwrap();
    }
    text +=
        "    grants:\n      - { table: Products, actions: [dynamodb:Scan], reason: It reads. }\n";
    for table in tables {
        if dice.once_in(2) {
            writeln!(
                text,
                "      - {{ table: {table}, actions: [dynamodb:PutItem], reason: It writes. }}"
            )
            .unwrap();
        }
    }
    text
}

fn routes(functions: &[&str], site: bool, dice: &mut Dice) -> String {
    let mut text = format!("api:\n  stage: {}\n  routes:\n", dice.pick(&["v1", "v1", "v2"]));
    for (route, function) in
        [("GET /products", 0), ("POST /orders", 1), ("GET /orders/{id}", 1), ("GET /", 0)]
    {
        // The first one always, so that there is an API.
        if function == 0 && route == "GET /products" || dice.once_in(2) {
            writeln!(text, "    {route}: {}", functions[function % functions.len()]).unwrap();
        }
    }
    let origins: &[&str] = match site {
        true => &["site", "site", "site, \"https://shop.example\""],
        false => &["\"https://shop.example\""],
    };
    writeln!(text, "  cors: {{ origins: [{}] }}", dice.pick(origins)).unwrap();
    writeln!(text, "  throttling: {{ rate: {}, burst: 100 }}", 50 + dice.roll(2)).unwrap();
    text
}

fn website(dice: &mut Dice) -> String {
    let mut text =
        format!("site:\n  protect: false\n  folder: {}\n", dice.pick(&["site", "site2"]));
    if dice.once_in(2) {
        text += "  cache: [{ match: \"images/*\", control: \"public, max-age=60\" }]\n";
    }
    let price = dice.pick(&["PriceClass_100", "PriceClass_200", "PriceClass_All"]);
    writeln!(text, "cdn:\n  price_class: {price}\n  default_object: index.html").unwrap();
    if dice.once_in(2) {
        text += "  error_pages: { 404: { page: /404.html, status: 404 } }\n";
    }
    text
}
