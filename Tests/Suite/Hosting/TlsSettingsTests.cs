using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hosting;

/// <summary>
/// The server accepts all supported certificate files. If it cannot use a certificate, it does not start and prints one error line.
/// </summary>
public sealed class TlsSettingsTests
{
    private TemporaryFolder _folder = null!;
    private ECDsa _key = null!;
    private X509Certificate2 _certificate = null!;

    [SetUp]
    public void CreateCertificate()
    {
        _folder = new TemporaryFolder();
        _key = TestCertificates.CreateKey();
        _certificate = TestCertificates.Create(_key);
    }

    [TearDown]
    public void Cleanup()
    {
        _certificate.Dispose();
        _key.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task Server_accepts_a_PEM_file_that_contains_the_key() => await ExpectAcceptedAsync("--Tls:Certificate", Write("both.pem", _certificate.ExportCertificatePem() + "\n" + TestCertificates.ToPem(_key)));

    [Test]
    public async Task Server_accepts_a_PEM_file_with_a_separate_key_file() =>
        await ExpectAcceptedAsync("--Tls:Certificate", Write("c.pem", _certificate.ExportCertificatePem()), "--Tls:Key", Write("k.pem", TestCertificates.ToPem(_key)));

    [Test]
    public async Task Server_accepts_an_encrypted_key_with_its_password() =>
        await ExpectAcceptedAsync(
            "--Tls:Certificate", Write("c.pem", _certificate.ExportCertificatePem()), "--Tls:Key", Write("k.pem", TestCertificates.ToPem(_key, "sesame")), "--Tls:Password", "sesame");

    [Test]
    public async Task Server_accepts_an_RSA_key()
    {
        using var key = RSA.Create(2048);
        using var certificate = TestCertificates.Create(key);
        await ExpectAcceptedAsync(certificate, "--Tls:Certificate", Write("both.pem", certificate.ExportCertificatePem() + "\n" + key.ExportRSAPrivateKeyPem()));
    }

    [TestCase("sesame")]
    [TestCase(null)]
    public async Task Server_accepts_a_PKCS12_file(string? password)
    {
        var file = Write("c.pfx", _certificate.Export(X509ContentType.Pkcs12, password));
        await ExpectAcceptedAsync(["--Tls:Certificate", file, .. password is null ? Array.Empty<string>() : ["--Tls:Password", password]]);
    }

    [Test]
    public async Task Server_sends_the_issuers_certificates()
    {
        using var rootKey = TestCertificates.CreateKey();
        using var root = TestCertificates.Create(rootKey, authority: true, until: DateTimeOffset.UtcNow.AddDays(900));
        using var middleKey = TestCertificates.CreateKey();
        using var middle = TestCertificates.Create(middleKey, issuer: root, authority: true, until: DateTimeOffset.UtcNow.AddDays(400));
        using var own = TestCertificates.Create(_key, issuer: middle);
        var file = Write("fullchain.pem", own.ExportCertificatePem() + "\n" + middle.ExportCertificatePem());
        await using var server = await ServerUnderTest.StartWithTlsAsync("--Tls:Certificate", file, "--Tls:Key", Write("k.pem", TestCertificates.ToPem(_key)));

        string[] sent = [];
        using var http = new HttpClient(new SocketsHttpHandler
        {
            SslOptions =
            {
                RemoteCertificateValidationCallback = (_, _, chain, _) =>
                {
                    sent = [.. chain!.ChainPolicy.ExtraStore.Select(certificate => certificate.Thumbprint)];
                    return true;
                },
            },
        });
        using var response = await http.GetAsync(new Uri($"https://127.0.0.1:{server.HttpPort}/"));
        sent.Should().Contain(middle.Thumbprint, "browsers have only the root certificate");
    }

    [Test]
    public async Task Server_reports_a_missing_certificate_file() =>
        await ExpectStartErrorAsync("--Tls:Certificate: \"/nowhere/c.pem\" cannot be read", "--Tls:Certificate", "/nowhere/c.pem");

    [Test]
    public async Task Server_reports_a_file_that_is_not_a_certificate() =>
        await ExpectStartErrorAsync("--Tls:Certificate: \"{0}\" contains no readable certificate", "--Tls:Certificate", Write("c.pem", "hello"));

    [Test]
    public async Task Server_reports_a_damaged_PEM_file() =>
        await ExpectStartErrorAsync(
            "--Tls:Certificate: \"{0}\" contains no readable certificate", "--Tls:Certificate", Write("c.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));

    [Test]
    public async Task Server_reports_a_PEM_file_without_a_key() =>
        await ExpectStartErrorAsync(
            "--Tls:Key: \"{0}\" contains no private key; set its file with --Tls:Key", "--Tls:Certificate", Write("c.pem", _certificate.ExportCertificatePem()));

    [Test]
    public async Task Server_reports_a_missing_key_file() =>
        await ExpectStartErrorAsync(
            "--Tls:Key: \"/nowhere/k.pem\" cannot be read", "--Tls:Certificate", Write("c.pem", _certificate.ExportCertificatePem()), "--Tls:Key", "/nowhere/k.pem");

    [Test]
    public async Task Server_reports_a_key_that_belongs_to_another_certificate()
    {
        using var other = TestCertificates.CreateKey();
        await ExpectStartErrorAsync(
            "--Tls:Key: the key in \"{1}\" does not belong to the certificate in \"{0}\"",
            "--Tls:Certificate", Write("c.pem", _certificate.ExportCertificatePem()), "--Tls:Key", Write("k.pem", TestCertificates.ToPem(other)));
    }

    [Test]
    public async Task Server_reports_a_key_of_another_algorithm()
    {
        using var other = RSA.Create(2048);
        await ExpectStartErrorAsync(
            "--Tls:Key: the key in \"{1}\" does not belong to the certificate in \"{0}\"",
            "--Tls:Certificate", Write("c.pem", _certificate.ExportCertificatePem()), "--Tls:Key", Write("k.pem", TestCertificates.ToPem(other)));
    }

    [Test]
    public async Task Server_reports_a_wrong_password_of_an_encrypted_key() =>
        await ExpectStartErrorAsync(
            "--Tls:Password: wrong password for the key in \"{1}\"",
            "--Tls:Certificate", Write("c.pem", _certificate.ExportCertificatePem()), "--Tls:Key", Write("k.pem", TestCertificates.ToPem(_key, "sesame")), "--Tls:Password", "simsalabim");

    [Test]
    public async Task Server_reports_a_missing_password_of_an_encrypted_key() =>
        await ExpectStartErrorAsync(
            "--Tls:Password: the key in \"{1}\" is encrypted, but no password is set",
            "--Tls:Certificate", Write("c.pem", _certificate.ExportCertificatePem()), "--Tls:Key", Write("k.pem", TestCertificates.ToPem(_key, "sesame")));

    [Test]
    public async Task Server_reports_a_wrong_password_of_a_PKCS12_file() =>
        await ExpectStartErrorAsync(
            "--Tls:Password: wrong password for \"{0}\"", "--Tls:Certificate", Write("c.pfx", _certificate.Export(X509ContentType.Pkcs12, "sesame")), "--Tls:Password", "simsalabim");

    [Test]
    public async Task Server_reports_a_missing_password_of_a_PKCS12_file() =>
        await ExpectStartErrorAsync("--Tls:Password: \"{0}\" is encrypted, but no password is set", "--Tls:Certificate", Write("c.pfx", _certificate.Export(X509ContentType.Pkcs12, "sesame")));

    [Test]
    public async Task Server_reports_a_PKCS12_file_without_a_key()
    {
        using var bare = X509CertificateLoader.LoadCertificate(_certificate.RawData);
        await ExpectStartErrorAsync("--Tls:Certificate: \"{0}\" contains no certificate with a private key", "--Tls:Certificate", Write("c.pfx", bare.Export(X509ContentType.Pkcs12)));
    }

    [Test]
    public async Task Server_reports_a_key_file_that_is_set_with_a_PKCS12_file() =>
        await ExpectStartErrorAsync(
            "--Tls:Key: \"{0}\" is not a PEM file", "--Tls:Certificate", Write("c.pfx", _certificate.Export(X509ContentType.Pkcs12)), "--Tls:Key", Write("k.pem", TestCertificates.ToPem(_key)));

    [Test]
    public async Task Server_reports_an_expired_certificate()
    {
        using var old = TestCertificates.Create(_key, new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), new(2026, 4, 1, 12, 0, 0, TimeSpan.Zero));
        await ExpectStartErrorAsync(
            "--Tls:Certificate: the certificate in \"{0}\" expired on 2026-04-01", "--Tls:Certificate", Write("c.pem", old.ExportCertificatePem() + "\n" + TestCertificates.ToPem(_key)));
    }

    [Test]
    public async Task Server_reports_a_certificate_that_is_not_valid_yet()
    {
        using var early = TestCertificates.Create(_key, new(2199, 1, 1, 0, 0, 0, TimeSpan.Zero), new(2199, 4, 1, 0, 0, 0, TimeSpan.Zero));
        await ExpectStartErrorAsync(
            "--Tls:Certificate: the certificate in \"{0}\" is not valid before 2199-01-01", "--Tls:Certificate", Write("c.pem", early.ExportCertificatePem() + "\n" + TestCertificates.ToPem(_key)));
    }

    [TestCase("Key")]
    [TestCase("Password")]
    public async Task Server_reports_a_key_or_password_without_a_certificate(string setting) =>
        await ExpectStartErrorAsync($"--Tls:{setting}: no certificate is set; set its file with --Tls:Certificate", $"--Tls:{setting}", "x");

    [Test]
    public async Task Server_reports_a_certificate_without_an_https_address() =>
        await ExpectStartErrorAsync("--Tls:Certificate: no address uses TLS; try: --urls https://*:443", "--Tls:Certificate", "/c.pem", "--urls", "http://127.0.0.1:0");

    [Test]
    public async Task Server_reports_a_mistyped_setting() => await ExpectStartErrorAsync("--Tls:Certificat: there is no such setting; did you mean --Tls:Certificate?", "--Tls:Certificat", "x");

    private Task ExpectAcceptedAsync(params string[] settings) => ExpectAcceptedAsync(_certificate, settings);

    // The client accepts this certificate only.
    private static async Task ExpectAcceptedAsync(X509Certificate2 certificate, params string[] settings)
    {
        await using var server = await ServerUnderTest.StartWithTlsAsync(["--Data:Durability", "none", .. settings]);
        using var client = new Http2Client(server, certificate);
        // Dispose the response, because an unread response would keep the connection open and delay the shutdown of the server.
        using var page = await client.SendAsync(HttpMethod.Get, "/");
        page.IsSuccessStatusCode.Should().BeTrue();
    }

    /// <param name="text">The expected beginning of the error line. {0} is replaced by the first setting's value, {1} by the second's.</param>
    private static async Task ExpectStartErrorAsync(string text, params string[] settings)
    {
        using var errors = new StringWriter();
        var exitCode = await ServerRunner.RunAsync(
            () => Server.Program.Build(
                ["--urls", "https://127.0.0.1:0", "--RawTcp:Port", "0", "--Data:Durability", "none", .. settings],
                services => services.AddLogging(logging => logging.ClearProviders())),
            errors);
        exitCode.Should().Be(1);
        var expected = text.Replace("{0}", settings[1], StringComparison.Ordinal).Replace("{1}", settings.Length > 3 ? settings[3] : "", StringComparison.Ordinal);
        errors.ToString().Trim().Split('\n').Should().ContainSingle().Which.Should().StartWith(expected);
    }

    private string Write(string name, string text) => Write(name, System.Text.Encoding.ASCII.GetBytes(text));

    private string Write(string name, byte[] bytes)
    {
        var file = Path.Combine(_folder.Path, name);
        File.WriteAllBytes(file, bytes);
        return file;
    }
}
