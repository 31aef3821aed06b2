using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RawSocketChat.Tests.Support;

/// <summary>Creates certificates such as an operator would use.</summary>
public static class TestCertificates
{
    /// <summary>Creates a certificate for 127.0.0.1, self-signed or signed by <paramref name="issuer"/>.</summary>
    public static X509Certificate2 Create(
        AsymmetricAlgorithm key, DateTimeOffset? from = null, DateTimeOffset? until = null, X509Certificate2? issuer = null, bool authority = false)
    {
        var (start, end) = (from ?? DateTimeOffset.UtcNow.AddDays(-2), until ?? DateTimeOffset.UtcNow.AddDays(90));
        var name = $"CN={(authority ? "issuer" : "127.0.0.1")} {Guid.NewGuid():n}";
        var request = key is RSA rsa
            ? new CertificateRequest(name, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(name, (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority, false, 0, critical: true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        if (issuer is null)
            return request.CreateSelfSigned(start, end);
        using var signed = request.Create(issuer, start, end, RandomNumberGenerator.GetBytes(8));
        return key is RSA rsaKey ? signed.CopyWithPrivateKey(rsaKey) : signed.CopyWithPrivateKey((ECDsa)key);
    }

    public static ECDsa CreateKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>Exports the private key as PEM, encrypted if there is a password.</summary>
    public static string ToPem(AsymmetricAlgorithm key, string? password = null) => password is null
        ? key.ExportPkcs8PrivateKeyPem()
        : key.ExportEncryptedPkcs8PrivateKeyPem(password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 10_000));
}
