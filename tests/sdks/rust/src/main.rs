//! The official Rust SDK, which fails on every word that it does not know: the
//! life of a domain and of a key, and a list with every state.
use resend_rs::list_opts::ListOptions;
use resend_rs::types::{CreateApiKeyOptions, CreateDomainOptions, DomainChanges, Region};
use resend_rs::{Error, Resend, Result};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let resend = Resend::default();
    let listed = resend.domains.list(ListOptions::default()).await?;
    assert!(listed.data.len() >= 5, "{listed:?}");
    for domain in &listed.data {
        let _ = resend.domains.get(&domain.id).await?;
    }
    let wish = CreateDomainOptions::new("rust.example").with_region(Region::EuWest1);
    let domain = resend.domains.create(wish).await?;
    let got = resend.domains.get(&domain.id).await?;
    assert_eq!(got.name, "rust.example");
    assert_eq!(got.records.map(|r| r.len()), Some(3));
    resend.domains.verify(&domain.id).await?;
    let changes = DomainChanges::new().with_click_tracking(true);
    resend.domains.update(&domain.id, changes).await?;
    let key = resend.api_keys.create(CreateApiKeyOptions::new("rust")).await?;
    assert!(key.token.starts_with("re_"));
    let keys = resend.api_keys.list(ListOptions::default()).await?;
    assert!(keys.data.iter().any(|k| k.id == key.id));
    resend.api_keys.delete(&key.id).await?;
    resend.domains.delete(&domain.id).await?;
    match resend.domains.get(&domain.id).await {
        Err(Error::Resend(error)) => assert_eq!(error.status_code, 404, "{error:?}"),
        other => panic!("{other:?}"),
    }
    Ok(())
}
