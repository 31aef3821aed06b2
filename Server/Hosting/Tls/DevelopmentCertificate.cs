using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RawSocketChat.Server.Hosting.Tls;

/// <summary>
/// Creates a self-signed certificate if the settings name no certificate. The certificate covers this machine's names and the bound hosts.
/// Browsers warn about the certificate, because no authority has signed it.
/// </summary>
/// <param name="folder">
/// The folder of the stored certificate. A user has to accept a stored certificate only once. If null, the certificate is only in memory.
/// </param>
/// <param name="hosts">The hosts of the bound addresses.</param>
internal sealed class DevelopmentCertificate(string? folder, IEnumerable<string> hosts)
{
    public const string FileName = "development-certificate.pem";

    private const string ServerAuthenticationOid = "1.3.6.1.5.5.7.3.1";

    // Browsers reject certificates that are valid for more than 398 days.
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);

    // The validity begins this long before the creation, because the clocks of clients may be slow.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromDays(1);

    /// <summary>A certificate that expires within this time is replaced.</summary>
    public static readonly TimeSpan RenewWithin = TimeSpan.FromDays(30);

    private readonly SortedSet<string> _names =
        new([.. hosts.Select(host => host.Trim('[', ']')).Where(IsSpecificHost), "localhost", Environment.MachineName, "127.0.0.1", "::1"], StringComparer.OrdinalIgnoreCase);

    private readonly string? _file = folder is null ? null : Path.Combine(folder, FileName);

    /// <summary>Gets the stored certificate if it covers all names and is valid for long enough. Otherwise creates and stores a new one.</summary>
    /// <exception cref="SettingException">The certificate cannot be stored.</exception>
    public ServedCertificate Get(DateTimeOffset now)
    {
        if (LoadSaved(now) is { } saved)
            return new ServedCertificate(saved);
        var created = Create(now);
        if (_file is not null)
            Save(created);
        return new ServedCertificate(created);
    }

    // Returns the stored certificate; null if there is none, or if it is damaged, expires soon or lacks a name.
    private X509Certificate2? LoadSaved(DateTimeOffset now)
    {
        try
        {
            if (_file is null || !File.Exists(_file))
                return null;
            var certificate = X509Certificate2.CreateFromPemFile(_file);
            var isUsable = certificate.NotBefore.ToUniversalTime() <= now.UtcDateTime
                && certificate.NotAfter.ToUniversalTime() - now.UtcDateTime > RenewWithin
                && _names.All(name => certificate.MatchesHostname(name, allowWildcards: false, allowCommonName: false));
            return isUsable ? certificate : null;
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            // A damaged file is replaced, because nothing depends on the old certificate.
            return null;
        }
    }

    private X509Certificate2 Create(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=RawSocketChat development", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in _names)
        {
            if (IPAddress.TryParse(name, out var address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        // The certificate is not a certificate authority. So a browser that trusts this certificate does not trust other certificates that
        // are signed with the same key.
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthenticationOid)], critical: false));
        return request.CreateSelfSigned(now - ClockTolerance, now + Lifetime);
    }

    // Writes a partial file that only the owner may read, and then renames the file. So the file is complete when it appears.
    private void Save(X509Certificate2 certificate)
    {
        var partial = _file + ".partial";
        using var key = certificate.GetECDsaPrivateKey()!;
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            File.Delete(partial);
            using (var writer = new StreamWriter(partial, options))
            {
                writer.WriteLine(certificate.ExportCertificatePem());
                writer.WriteLine(key.ExportPkcs8PrivateKeyPem());
            }

            File.Move(partial, _file!, overwrite: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"--Data:Path: the development certificate cannot be stored in \"{_file}\": {fault.Message}");
        }
    }

    // A client can't use "*", "+" or the any-addresses (0.0.0.0, [::]) as a host name.
    private static bool IsSpecificHost(string host) =>
        IPAddress.TryParse(host, out var address)
            ? !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)
            : Uri.CheckHostName(host) == UriHostNameType.Dns;
}
