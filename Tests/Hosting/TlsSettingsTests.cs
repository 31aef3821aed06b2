using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hosting;

/// <summary>A certificate that cannot be served stops the start with one line; one that can is served, in whichever form it comes.</summary>
public sealed class TlsSettingsTests
{
    private TemporaryFolder _folder = null!;
    private ECDsa _key = null!;
    private X509Certificate2 _certificate = null!;

    [SetUp]
    public void MakeCertificate()
    {
        _folder = new TemporaryFolder();
        _key = TestCertificates.NewKey();
        _certificate = TestCertificates.Make(_key);
    }

    [TearDown]
    public void Forget()
    {
        _certificate.Dispose();
        _key.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task A_PEM_with_its_key_is_served() => await ExpectServedAsync("--Tls:Certificate", Write("both.pem", _certificate.ExportCertificatePem() + "\n" + TestCertificates.PemOf(_key)));

    [Test]
    public async Task A_PEM_with_its_key_in_a_file_of_its_own_is_served() =>
        await ExpectServedAsync("--Tls:Certificate", Write("c.pem", _certificate.ExportCertificatePem()), "--Tls:Key", Write("k.pem", TestCertificates.PemOf(_key)));

    [Test]
    public async Task An_encrypted_key_is_opened_by_its_password() =>
        await ExpectServedAsync(
            "--Tls:Certificate", Write("c.pem", _certificate.ExportCertificatePem()), "--Tls:Key", Write("k.pem", TestCertificates.PemOf(_key, "sesame")), "--Tls:Password", "sesame");

    [Test]
    public async Task A_key_of_RSA_is_served()
    {
        using var key = RSA.Create(2048);
        using var certificate = TestCertificates.Make(key);
        await ExpectServedAsync(certificate, "--Tls:Certificate", Write("both.pem", certificate.ExportCertificatePem() + "\n" + key.ExportRSAPrivateKeyPem()));
    }

    [TestCase("sesame")]
    [TestCase(null)]
    public async Task A_PKCS12_file_is_served(string? password)
    {
        var file = Write("c.pfx", _certificate.Export(X509ContentType.Pkcs12, password));
        await ExpectServedAsync(["--Tls:Certificate", file, .. password is null ? Array.Empty<string>() : ["--Tls:Password", password]]);
    }

    [Test]
    public async Task The_issuers_certificates_are_sent_along()
    {
        using var rootKey = TestCertificates.NewKey();
        using var root = TestCertificates.Make(rootKey, authority: true, until: DateTimeOffset.UtcNow.AddDays(900));
        using var middleKey = TestCertificates.NewKey();
        using var middle = TestCertificates.Make(middleKey, issuer: root, authority: true, until: DateTimeOffset.UtcNow.AddDays(400));
        using var own = TestCertificates.Make(_key, issuer: middle);
        var file = Write("fullchain.pem", own.ExportCertificatePem() + "\n" + middle.ExportCertificatePem());
        await using var server = await ServerUnderTest.StartWithTlsAsync("--Tls:Certificate", file, "--Tls:Key", Write("k.pem", TestCertificates.PemOf(_key)));

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
        sent.Should().Contain(middle.Thumbprint, "browsers know the root alone");
    }

    [Test]
    public async Task A_file_that_is_not_there() =>
        await ExpectRefusedAsync("--Tls:Certificate: \"/nowhere/c.pem\" cannot be read", "--Tls:Certificate", "/nowhere/c.pem");

    [Test]
    public async Task A_file_that_holds_something_else() =>
        await ExpectRefusedAsync("--Tls:Certificate: \"{0}\" holds no certificate that can be read", "--Tls:Certificate", Write("c.pem", "hello"));

    [Test]
    public async Task A_damaged_PEM() =>
        await ExpectRefusedAsync(
            "--Tls:Certificate: \"{0}\" holds no certificate that can be read", "--Tls:Certificate", Write("c.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));

    [Test]
    public async Task A_PEM_without_a_key() =>
        await ExpectRefusedAsync(
            "--Tls:Key: \"{0}\" holds no private key; name its file with --Tls:Key", "--Tls:Certificate", Write("c.pem", _certificate.ExportCertificatePem()));

    [Test]
    public async Task A_key_that_is_not_there() =>
        await ExpectRefusedAsync(
            "--Tls:Key: \"/nowhere/k.pem\" cannot be read", "--Tls:Certificate", Write("c.pem", _certificate.ExportCertificatePem()), "--Tls:Key", "/nowhere/k.pem");

    [Test]
    public async Task The_key_of_another_certificate()
    {
        using var other = TestCertificates.NewKey();
        await ExpectRefusedAsync(
            "--Tls:Key: the key in \"{1}\" is not the one of the certificate in \"{0}\"",
            "--Tls:Certificate", Write("c.pem", _certificate.ExportCertificatePem()), "--Tls:Key", Write("k.pem", TestCertificates.PemOf(other)));
    }

    [Test]
    public async Task A_key_of_another_kind()
    {
        using var other = RSA.Create(2048);
        await ExpectRefusedAsync(
            "--Tls:Key: the key in \"{1}\" is not the one of the certificate in \"{0}\"",
            "--Tls:Certificate", Write("c.pem", _certificate.ExportCertificatePem()), "--Tls:Key", Write("k.pem", TestCertificates.PemOf(other)));
    }

    [Test]
    public async Task An_encrypted_key_and_a_wrong_password() =>
        await ExpectRefusedAsync(
            "--Tls:Password: it does not open the key in \"{1}\"",
            "--Tls:Certificate", Write("c.pem", _certificate.ExportCertificatePem()), "--Tls:Key", Write("k.pem", TestCertificates.PemOf(_key, "sesame")), "--Tls:Password", "simsalabim");

    [Test]
    public async Task An_encrypted_key_and_no_password() =>
        await ExpectRefusedAsync(
            "--Tls:Password: the key in \"{1}\" is encrypted, and no password is given",
            "--Tls:Certificate", Write("c.pem", _certificate.ExportCertificatePem()), "--Tls:Key", Write("k.pem", TestCertificates.PemOf(_key, "sesame")));

    [Test]
    public async Task A_PKCS12_file_and_a_wrong_password() =>
        await ExpectRefusedAsync(
            "--Tls:Password: it does not open \"{0}\"", "--Tls:Certificate", Write("c.pfx", _certificate.Export(X509ContentType.Pkcs12, "sesame")), "--Tls:Password", "simsalabim");

    [Test]
    public async Task A_PKCS12_file_and_no_password() =>
        await ExpectRefusedAsync("--Tls:Password: \"{0}\" wants one, and none is given", "--Tls:Certificate", Write("c.pfx", _certificate.Export(X509ContentType.Pkcs12, "sesame")));

    [Test]
    public async Task A_PKCS12_file_without_a_key()
    {
        using var bare = X509CertificateLoader.LoadCertificate(_certificate.RawData);
        await ExpectRefusedAsync("--Tls:Certificate: \"{0}\" holds no certificate with a private key", "--Tls:Certificate", Write("c.pfx", bare.Export(X509ContentType.Pkcs12)));
    }

    [Test]
    public async Task A_PKCS12_file_and_a_key_of_its_own() =>
        await ExpectRefusedAsync(
            "--Tls:Key: \"{0}\" is no PEM file", "--Tls:Certificate", Write("c.pfx", _certificate.Export(X509ContentType.Pkcs12)), "--Tls:Key", Write("k.pem", TestCertificates.PemOf(_key)));

    [Test]
    public async Task One_that_has_run_out()
    {
        using var old = TestCertificates.Make(_key, new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), new(2026, 4, 1, 12, 0, 0, TimeSpan.Zero));
        await ExpectRefusedAsync(
            "--Tls:Certificate: the certificate in \"{0}\" ran out on 2026-04-01", "--Tls:Certificate", Write("c.pem", old.ExportCertificatePem() + "\n" + TestCertificates.PemOf(_key)));
    }

    [Test]
    public async Task One_that_is_not_valid_yet()
    {
        using var early = TestCertificates.Make(_key, new(2199, 1, 1, 0, 0, 0, TimeSpan.Zero), new(2199, 4, 1, 0, 0, 0, TimeSpan.Zero));
        await ExpectRefusedAsync(
            "--Tls:Certificate: the certificate in \"{0}\" is not valid before 2199-01-01", "--Tls:Certificate", Write("c.pem", early.ExportCertificatePem() + "\n" + TestCertificates.PemOf(_key)));
    }

    [TestCase("Key")]
    [TestCase("Password")]
    public async Task What_is_given_without_a_certificate(string setting) =>
        await ExpectRefusedAsync($"--Tls:{setting}: there is no certificate for it; name its file with --Tls:Certificate", $"--Tls:{setting}", "x");

    [Test]
    public async Task One_that_no_address_would_show() =>
        await ExpectRefusedAsync("--Tls:Certificate: no address has TLS; try: --urls https://*:443", "--Tls:Certificate", "/c.pem", "--urls", "http://127.0.0.1:0");

    [Test]
    public async Task A_mistyped_setting() => await ExpectRefusedAsync("--Tls:Certificat: there is no such setting; did you mean --Tls:Certificate?", "--Tls:Certificat", "x");

    private Task ExpectServedAsync(params string[] settings) => ExpectServedAsync(_certificate, settings);

    // Only this very certificate is taken by the client.
    private static async Task ExpectServedAsync(X509Certificate2 certificate, params string[] settings)
    {
        await using var server = await ServerUnderTest.StartWithTlsAsync(["--Data:Durability", "none", .. settings]);
        using var line = new Http2Line(server, certificate);
        // An answer that nobody reads or drops would keep the line open, and the server waiting for it at its end.
        using var page = await line.SendAsync(HttpMethod.Get, "/");
        page.IsSuccessStatusCode.Should().BeTrue();
    }

    /// <param name="text">Where {0} stands for the first setting's value, {1} for the second's.</param>
    private static async Task ExpectRefusedAsync(string text, params string[] settings)
    {
        using var errors = new StringWriter();
        var exitCode = await StartUp.RunAsync(
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
