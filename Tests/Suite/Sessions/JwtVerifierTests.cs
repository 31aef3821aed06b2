using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Sessions.Jwt;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sessions;

/// <summary>The tokens of the operator's site that the server accepts, and those that it rejects.</summary>
public sealed class JwtVerifierTests
{
    private const string Issuer = "https://site.example";
    private const string Audience = "chat";

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 10, 0, 0, TimeSpan.Zero));
    private TestTokens _tokens = null!;
    private TemporaryFolder _folder = null!;
    private string _jwks = null!;

    [OneTimeSetUp]
    public void WriteKeys()
    {
        (_tokens, _folder) = (new TestTokens(), new TemporaryFolder());
        _jwks = Path.Combine(_folder.Path, "jwks.json");
        File.WriteAllText(_jwks, _tokens.CreateJwks());
    }

    [OneTimeTearDown]
    public void RemoveKeys()
    {
        _tokens.Dispose();
        _folder.Dispose();
    }

    [TestCase("HS256")]
    [TestCase("RS256")]
    [TestCase("ES256")]
    public async Task Token_of_each_algorithm_is_accepted(string algorithm)
    {
        var claims = Claims();
        var token = algorithm == "HS256" ? TestTokens.SignHs256(claims) : algorithm == "RS256" ? _tokens.SignRs256(claims) : _tokens.SignEs256(claims);
        (await VerifyAsync(Both(), token)).Should().Be(new JwtResult(new ExternalIdentity(Issuer, "42", "Ann"), null));
    }

    [Test]
    public async Task Token_without_a_key_id_is_verified_with_the_keys_of_its_algorithm()
    {
        (await VerifyAsync(Both(), _tokens.SignRs256(Claims(), id: null))).Identity.Should().NotBeNull();
        (await VerifyAsync(Both(), _tokens.SignEs256(Claims(), id: null))).Identity.Should().NotBeNull();
    }

    [Test]
    public async Task Settings_choose_the_claims_that_give_the_subject_and_the_name()
    {
        var options = new JwtOptions { Key = TestTokens.Key, SubjectClaim = "uid", NameClaim = "nickname" };
        var claims = new JsonObject { ["uid"] = "u-7", ["nickname"] = "Bob", ["sub"] = "42", ["exp"] = Seconds(60) };
        (await VerifyAsync(options, TestTokens.SignHs256(claims))).Identity.Should().Be(new ExternalIdentity("", "u-7", "Bob"));
    }

    [Test]
    public async Task Subject_may_be_a_number()
    {
        var claims = Claims();
        claims["sub"] = 42;
        (await VerifyAsync(Both(), TestTokens.SignHs256(claims))).Identity!.Subject.Should().Be("42");
    }

    [Test]
    public async Task Token_may_name_several_audiences()
    {
        var claims = Claims();
        claims["aud"] = new JsonArray("other", Audience);
        (await VerifyAsync(Both(), TestTokens.SignHs256(claims))).Fault.Should().BeNull();
    }

    [Test]
    public async Task Token_is_valid_if_the_clock_of_the_site_is_ahead_by_the_clock_skew()
    {
        var claims = Claims();
        claims["nbf"] = Seconds(60);
        (await VerifyAsync(Both(), TestTokens.SignHs256(claims))).Fault.Should().BeNull();
        claims["nbf"] = Seconds(61);
        (await VerifyAsync(Both(), TestTokens.SignHs256(claims))).Fault.Should().Be("it is not valid yet (nbf)");
    }

    [TestCase("iss", "\"https://evil.example\"", "its issuer (iss) is wrong")]
    [TestCase("iss", null, "its issuer (iss) is wrong")]
    [TestCase("aud", "\"other\"", "it is for another audience (aud)")]
    [TestCase("aud", "[\"Chat\"]", "it is for another audience (aud)")]
    [TestCase("aud", null, "it is for another audience (aud)")]
    [TestCase("exp", null, "it has no expiry (exp)")]
    [TestCase("exp", "1", "it has expired")]
    [TestCase("exp", "-1", "it has expired")]
    [TestCase("nbf", "4102444800", "it is not valid yet (nbf)")]
    [TestCase("sub", null, "its claim \"sub\" must be a text of 1 to 255 characters")]
    [TestCase("sub", "\"\"", "its claim \"sub\" must be a text of 1 to 255 characters")]
    public async Task Token_with_a_wrong_claim_is_rejected_with_the_reason(string claim, string? json, string reason)
    {
        var claims = Claims();
        claims.Remove(claim);
        if (json is not null)
            claims[claim] = JsonNode.Parse(json);
        (await VerifyAsync(Both(), TestTokens.SignHs256(claims))).Should().Be(JwtResult.Reject(reason));
    }

    [Test]
    public async Task Token_is_valid_after_its_expiry_until_the_clock_skew_has_passed()
    {
        var token = TestTokens.SignHs256(Claims());
        _time.Advance(TimeSpan.FromSeconds(300 + 59));
        (await VerifyAsync(Both(), token)).Fault.Should().BeNull();
        _time.Advance(TimeSpan.FromSeconds(1));
        (await VerifyAsync(Both(), token)).Fault.Should().Be("it has expired");
    }

    [Test]
    public async Task Token_with_an_audience_is_rejected_if_the_settings_name_no_audience()
    {
        var options = new JwtOptions { Key = TestTokens.Key };
        (await VerifyAsync(options, TestTokens.SignHs256(Claims()))).Fault.Should().Be("it is for another audience (aud)");
        (await VerifyAsync(options, TestTokens.SignHs256(TestTokens.Claims(_time.GetUtcNow())))).Fault.Should().BeNull();
    }

    [Test]
    public async Task Token_without_a_signature_is_rejected()
    {
        var claims = Claims().ToJsonString();
        foreach (var algorithm in (string[])["none", "None", "NONE", ""])
        {
            var token = TestTokens.Sign($$"""{"alg":"{{algorithm}}"}""", claims, _ => []);
            (await VerifyAsync(Both(), token)).Fault.Should().Be("its algorithm must be HS256 or RS256 or ES256", token);
        }

        (await VerifyAsync(Both(), TestTokens.Sign("{}", claims, _ => []))).Identity.Should().BeNull();
        (await VerifyAsync(Both(), TestTokens.Sign("""{"alg":"HS256"}""", claims, _ => []))).Fault.Should().Be("its signature is wrong");
        (await VerifyAsync(Both(), TestTokens.Sign("""{"alg":"RS256"}""", claims, _ => []))).Fault.Should().Be("its signature is wrong");
    }

    [Test]
    public async Task Public_key_is_not_accepted_as_the_secret_of_HS256()
    {
        var claims = Claims().ToJsonString();
        byte[][] secrets =
        [
            _tokens.Rsa.ExportSubjectPublicKeyInfo(), _tokens.Rsa.ExportRSAPublicKey(), Encoding.ASCII.GetBytes(_tokens.Rsa.ExportSubjectPublicKeyInfoPem()),
            Encoding.ASCII.GetBytes(_tokens.Rsa.ExportSubjectPublicKeyInfoPem() + "\n"), _tokens.Rsa.ExportParameters(false).Modulus!, _tokens.Ec.ExportSubjectPublicKeyInfo(),
            Encoding.UTF8.GetBytes(_tokens.CreateJwks()),
        ];
        foreach (var secret in secrets)
        {
            foreach (var id in (string[])["rsa-1", "ec-1"])
            {
                var token = TestTokens.SignHs256(claims, secret, $$"""{"alg":"HS256","kid":"{{id}}"}""");
                (await VerifyAsync(Jwks(), token)).Fault.Should().Be("its algorithm must be RS256 or ES256");
                (await VerifyAsync(Both(), token)).Fault.Should().Be("its signature is wrong");
            }
        }
    }

    [Test]
    public async Task Secret_in_a_public_key_set_is_not_used()
    {
        (await VerifyAsync(Jwks(), TestTokens.SignHs256(Claims(), header: """{"alg":"HS256","kid":"secret"}"""))).Fault.Should().Be("its algorithm must be RS256 or ES256");
    }

    [Test]
    public async Task Algorithm_must_fit_the_key_that_the_token_names()
    {
        (await VerifyAsync(Jwks(), _tokens.SignRs256(Claims(), id: "ec-1"))).Fault.Should().Be("the key that signed it is not known here");
        (await VerifyAsync(Jwks(), _tokens.SignEs256(Claims(), id: "rsa-1"))).Fault.Should().Be("the key that signed it is not known here");
        foreach (var algorithm in (string[])["RS384", "RS512", "PS256", "ES384", "HS384", "HS512", "EdDSA", "rs256"])
        {
            var token = TestTokens.Sign($$"""{"alg":"{{algorithm}}","kid":"rsa-1"}""", Claims().ToJsonString(), _ => new byte[64]);
            (await VerifyAsync(Both(), token)).Fault.Should().StartWith("its algorithm must be", algorithm);
        }
    }

    [Test]
    public async Task Keys_in_the_token_itself_are_not_used()
    {
        using var thief = new TestTokens();
        var header = $$"""{"alg":"RS256","jwk":{{JsonNode.Parse(thief.CreateJwks())!["keys"]![0]!.ToJsonString()}},"jku":"http://127.0.0.1:1/"}""";
        var token = TestTokens.Sign(header, Claims().ToJsonString(), bytes => thief.Rsa.SignData(bytes, System.Security.Cryptography.HashAlgorithmName.SHA256, System.Security.Cryptography.RSASignaturePadding.Pkcs1));
        (await VerifyAsync(Jwks(), token)).Fault.Should().Be("its signature is wrong");
    }

    [Test]
    public async Task Token_with_a_critical_header_is_rejected()
    {
        (await VerifyAsync(Both(), TestTokens.SignHs256(Claims(), header: """{"alg":"HS256","crit":["b64"],"b64":false}"""))).Fault.Should().Contain("critical");
    }

    [Test]
    public async Task Garbage_and_changed_tokens_are_rejected_without_an_exception()
    {
        var token = TestTokens.SignHs256(Claims());
        var parts = token.Split('.');
        string[] bad =
        [
            "", ".", "..", "...", "a.b.c", "null", "{}", " ", "\0", token + ".", token + ".a.b", $"{parts[0]}.{parts[1]}", $"{parts[0]}.{parts[1]}.", $"{parts[0]}..{parts[2]}", $".{parts[1]}.{parts[2]}",
            new string('a', 16 * 1024 + 1), new string('.', 1000), new string('a', 5000) + "." + new string('a', 5000) + ".a", token.Replace('.', '!'),
            TestTokens.Sign("[]", "[]", _ => [1]), TestTokens.Sign("1", "2", _ => [1]), TestTokens.Sign("""{"alg":1}""", "{}", _ => [1]), TestTokens.Sign("""{"alg":"HS256"}""", "not json", _ => [1]),
            TestTokens.SignHs256(new string('[', 5000), Encoding.UTF8.GetBytes(TestTokens.Key), """{"alg":"HS256"}"""),
            TestTokens.SignHs256("""{"sub":"42","exp":"soon","iss":5,"aud":{}}""", Encoding.UTF8.GetBytes(TestTokens.Key), """{"alg":"HS256"}"""),
            TestTokens.SignHs256($$"""{"sub":"\ud800","exp":{{Seconds(60)}},"iss":"{{Issuer}}","aud":"{{Audience}}"}""", Encoding.UTF8.GetBytes(TestTokens.Key), """{"alg":"HS256"}"""),
            TestTokens.SignHs256($$"""{"sub":"{{new string('x', 256)}}","exp":{{Seconds(60)}},"iss":"{{Issuer}}","aud":"{{Audience}}"}""", Encoding.UTF8.GetBytes(TestTokens.Key), """{"alg":"HS256"}"""),
            TestTokens.SignHs256(Claims(), key: TestTokens.Key + "x"),
        ];
        foreach (var text in bad)
            (await VerifyAsync(Both(), text)).Fault.Should().NotBeNullOrEmpty(text.Length > 200 ? text[..200] : text);

        for (var i = 0; i < token.Length; i++)
        {
            // The decoder ignores some bits of the last character, so a changed last character can leave the signature unchanged.
            if (token[i] != '.' && i < token.Length - 1)
                (await VerifyAsync(Both(), token[..i] + (token[i] == 'A' ? 'B' : 'A') + token[(i + 1)..])).Identity.Should().BeNull($"character {i} was changed");
        }
    }

    [Test]
    public async Task Reason_of_a_rejection_contains_no_part_of_the_token_or_the_key()
    {
        var token = TestTokens.SignHs256(Claims(), key: "another key with at least 32 bytes");
        (await VerifyAsync(Both(), token)).Fault.Should().NotContain(token.Split('.')[2]).And.NotContain(TestTokens.Key).And.NotContain("another");
    }

    [TestCase("short", null, null, "--Auth:Jwt:Key: the key has 5 bytes, but HS256 needs at least 32 random bytes; create one with: openssl rand -base64 48")]
    [TestCase("", null, null, "--Auth:Jwt:Key: the key has 0 bytes")]
    [TestCase(null, "/no/such/jwks.json", null, "--Auth:Jwt:Jwks: the file \"/no/such/jwks.json\" cannot be read")]
    [TestCase(null, "http://site.example/jwks", null, "--Auth:Jwt:Jwks: over http, anybody on the network path could replace the keys")]
    [TestCase(null, "", null, "--Auth:Jwt:Jwks")]
    [TestCase(null, null, "https://site.example", "--Auth:Jwt:Issuer: no key is set; set --Auth:Jwt:Key or --Auth:Jwt:Jwks")]
    public void Settings_that_cannot_work_are_errors(string? key, string? jwks, string? issuer, string start)
    {
        new JwtOptions { Key = key, Jwks = jwks, Issuer = issuer }.FindErrors().Should().ContainSingle().Which.Should().StartWith(start).And.NotContain("short");
    }

    [TestCase("no json", "this is no JSON Web Key Set")]
    [TestCase("""{"keys":[]}""", "the key set has no key for RS256")]
    [TestCase("""{"keys":[{"kty":"oct","k":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}]}""", "the key set has no key for RS256")]
    [TestCase("""{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"EC","crv":"P-256","x":"AQAB","y":"AQAB"},{"kty":"RSA"},{"kty":"EC","crv":"P-384"},{}]}""", "the key set has no key for RS256")]
    public void Key_set_without_a_usable_key_is_an_error(string json, string part)
    {
        var file = Path.Combine(_folder.Path, "bad.json");
        File.WriteAllText(file, json);
        new JwtOptions { Jwks = file }.FindErrors().Should().ContainSingle().Which.Should().StartWith("--Auth:Jwt:Jwks: ").And.Contain(part);
    }

    [Test]
    public void Consistent_settings_are_accepted()
    {
        new JwtOptions().FindErrors().Should().BeEmpty();
        Both().FindErrors().Should().BeEmpty();
        new JwtOptions { Jwks = "https://site.example/.well-known/jwks.json", Audience = "chat" }.FindErrors().Should().BeEmpty();
    }

    private JsonObject Claims()
    {
        var claims = TestTokens.Claims(_time.GetUtcNow());
        (claims["iss"], claims["aud"]) = (Issuer, Audience);
        return claims;
    }

    private long Seconds(int fromNow) => _time.GetUtcNow().ToUnixTimeSeconds() + fromNow;

    private JwtOptions Both() => new() { Key = TestTokens.Key, Jwks = _jwks, Issuer = Issuer, Audience = Audience };

    private JwtOptions Jwks() => new() { Jwks = _jwks, Issuer = Issuer, Audience = Audience };

    private async Task<JwtResult> VerifyAsync(JwtOptions options, string token)
    {
        using var verifier = new JwtVerifier(Options.Create(options), _time, NullLogger<JwtVerifier>.Instance);
        return await verifier.VerifyAsync(token);
    }
}
