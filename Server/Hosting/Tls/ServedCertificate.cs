using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RawSocketChat.Server.Hosting.Tls;

/// <summary>A certificate with its key and its issuers' certificates, ready for TLS handshakes.</summary>
public sealed class ServedCertificate
{
    public ServedCertificate(X509Certificate2 certificate, X509Certificate2Collection? others = null)
    {
        Certificate = OperatingSystem.IsWindows() ? WithStoredKey(certificate) : certificate;
        Expires = certificate.NotAfter.ToUniversalTime();
        // With offline, neither the start nor a handshake waits for an issuer's server.
        Context = SslStreamCertificateContext.Create(Certificate, others, offline: true);
    }

    public X509Certificate2 Certificate { get; }

    public SslStreamCertificateContext Context { get; }

    public DateTimeOffset Expires { get; }

    /// <summary>SHA-256 of the certificate in hex, as browsers show it.</summary>
    public string Fingerprint => Convert.ToHexString(Certificate.GetCertHash(HashAlgorithmName.SHA256));

    // TLS on Windows does not accept a key that exists only in memory.
    private static X509Certificate2 WithStoredKey(X509Certificate2 certificate) =>
        X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
}
