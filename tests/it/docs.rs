//! What the documents show is true: every whole definition in them loads.

use crate::world::World;

/// The YAML blocks of a document that begin with a word.
fn blocks<'d>(document: &'d str, word: &str) -> Vec<&'d str> {
    let blocks = document.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| block.starts_with(word)).collect()
}

#[tokio::test]
async fn the_provider_file_of_the_guide_loads_without_a_doubt() {
    let guide = include_str!("../../docs/providers.md");
    let [provider] = blocks(guide, "provider:")[..] else { panic!("one whole provider file") };
    let world = World::agreeing(0).await;
    world.write("shop.yaml", provider);
    world.edit("charges.yaml", "feed: api/charges", "feed: shop/orders");
    world.edit("tieout.yaml", "providers: {", "providers: {shop: {secrets: {shop_key: \"file:key\"}}, ");
    let outcome = world.tieout(&["check", "--vars"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.ends_with("check: 0 failed, 0 warnings\n"), "{outcome:?}");
}
